use nas_arch::Network;
use nas_numerics::Rng;
use nas_run::{Priced, Problem, RunConfig};
use nas_space::{Alike, Genotype, most_alike};
use nas_wasm_border::{BorderError, from_js, to_js};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::data::facts_of;
use crate::run_error;
use crate::view::{AlikeView, CandidateView, GeneView, PricedView, SpaceView};

/// A configured problem: its space can be looked at, and its candidates decoded and priced.
#[wasm_bindgen(js_name = Problem)]
pub struct ProblemHandle(Problem);

#[wasm_bindgen(js_class = Problem)]
impl ProblemHandle {
    /// The problem of a `RunConfig`, with the table of measurements that it names, as CSV.
    ///
    /// # Errors
    /// If the configuration cannot be, or the table is another.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "RunConfig")] config: JsValue,
        table: Option<String>,
    ) -> Result<Self, JsValue> {
        let config: RunConfig = from_js(config)?;
        let facts = facts_of(&config.data)?;
        let table =
            table.map(|csv| config.read_table(&csv)).transpose().map_err(|error| run_error(error.into()))?;
        Ok(Self(Problem::with_table(&config, &facts, table.as_ref()).map_err(run_error)?))
    }

    /// The search space: a `SpaceView`.
    ///
    /// # Errors
    /// Never in practice.
    #[wasm_bindgen(unchecked_return_type = "SpaceView")]
    pub fn space(&self) -> Result<JsValue, JsValue> {
        let tree = self.0.space().genes();
        to_js(&SpaceView {
            size: tree.size().to_string(),
            genes: tree.genes().iter().map(GeneView::from).collect(),
            refinement: self.0.refinement().cloned(),
        })
    }

    /// What a run of it trains on: a `DataSpec`.
    ///
    /// # Errors
    /// Never in practice.
    #[wasm_bindgen(unchecked_return_type = "DataSpec")]
    pub fn data(&self) -> Result<JsValue, JsValue> {
        to_js(self.0.data())
    }

    /// Decodes and prices a candidate: a `CandidateView`.
    ///
    /// # Errors
    /// If the numbers are no genotype of the space.
    #[wasm_bindgen(unchecked_return_type = "CandidateView")]
    pub fn candidate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "readonly number[]")] genes: JsValue,
    ) -> Result<JsValue, JsValue> {
        to_js(&self.view(from_js(genes)?)?)
    }

    /// Draws candidates uniformly from the space, without regard to limits: an array of `CandidateView`.
    ///
    /// # Errors
    /// Never in practice.
    #[wasm_bindgen(unchecked_return_type = "CandidateView[]")]
    pub fn draw(&self, count: u32, seed: u32) -> Result<JsValue, JsValue> {
        let mut rng = Rng::for_purpose(seed, "sample", 0);
        let views = (0..count).map(|_| self.view(self.0.space().genes().draw(&mut rng)));
        to_js(&views.collect::<Result<Vec<_>, _>>()?)
    }

    /// Prices the network of a file, which need not be of the space: a `PricedView`.
    ///
    /// # Errors
    /// If the text is no network, or an unsound one; the sentence names the line or the layer.
    #[wasm_bindgen(unchecked_return_type = "PricedView")]
    pub fn network(&self, json: &str) -> Result<JsValue, JsValue> {
        let network = Network::from_json(json).map_err(|error| run_error(error.into()))?;
        to_js(&self.priced(self.0.price_network(&network).map_err(run_error)?))
    }

    /// The candidate whose network is most like that of a file: an `AlikeView`. Takes some tenths of a second.
    ///
    /// # Errors
    /// If the text is no network, or an unsound one; the sentence names the line or the layer.
    #[wasm_bindgen(unchecked_return_type = "AlikeView")]
    pub fn alike(&self, json: &str) -> Result<JsValue, JsValue> {
        let network = Network::from_json(json).and_then(|network| network.resolve());
        let graph = network.map_err(|error| run_error(error.into()))?;
        let Alike { genotype, distance } = most_alike(self.0.space(), &graph);
        to_js(&AlikeView { genes: genotype, distance })
    }

    fn view(&self, genes: Genotype) -> Result<CandidateView, BorderError> {
        let priced = self.priced(self.0.price(&genes).map_err(run_error)?);
        Ok(CandidateView { genes, priced })
    }

    fn priced(&self, priced: Priced) -> PricedView {
        PricedView::new(priced, self.0.own_device(), self.0.table())
    }
}
