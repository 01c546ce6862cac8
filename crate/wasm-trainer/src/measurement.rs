use nas_arch::Network;
use nas_cost::{Table, TableRow};
use nas_evaluate::{Profile, profiled_networks};
use nas_wasm_border::{BorderError, coded};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

/// The device whose table this is.
const DEVICE: &str = "this-browser";

/// Fills a table of operators' times, one operator after the other. The clock is the caller's: [`Self::begin`] with an
/// operator; while [`Self::seek`] finds a step of it, time [`Self::repeat`]; [`Self::tell`] what all steps took.
#[wasm_bindgen]
pub struct Measurement {
    networks: Vec<Network>,
    profile: Option<Profile>,
    rows: Vec<TableRow>,
}

#[wasm_bindgen]
impl Measurement {
    /// With nothing measured yet.
    #[wasm_bindgen(constructor)]
    #[expect(clippy::new_without_default, reason = "JavaScript knows no defaults")]
    #[must_use]
    pub fn new() -> Self {
        Self { networks: profiled_networks(), profile: None, rows: Vec::new() }
    }

    /// Operators to measure.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.networks.len() as u32
    }

    /// Prepares the operator of this number, from 0.
    ///
    /// # Errors
    /// If there is none.
    pub fn begin(&mut self, index: u32) -> Result<(), JsValue> {
        let network = self.networks.get(index as usize).ok_or_else(|| misuse("there is no such operator"))?;
        self.profile = Some(Profile::new(network).map_err(coded("misuse"))?);
        Ok(())
    }

    /// Goes on to the next step of the operator; false after the last one, from where it begins anew.
    ///
    /// # Errors
    /// If no operator is prepared.
    pub fn seek(&mut self) -> Result<bool, JsValue> {
        Ok(self.prepared()?.seek())
    }

    /// Does the work of the step, so many times.
    ///
    /// # Errors
    /// If no operator is prepared.
    pub fn repeat(&mut self, times: u32) -> Result<(), JsValue> {
        self.prepared()?.repeat(times);
        Ok(())
    }

    /// Takes the time of the operator in milliseconds.
    ///
    /// # Errors
    /// If no operator is prepared.
    pub fn tell(&mut self, ms: f64) -> Result<(), JsValue> {
        let row = TableRow::new(self.prepared()?.work(), ms);
        self.rows.push(row);
        Ok(())
    }

    /// The table as CSV.
    #[must_use]
    pub fn csv(&self) -> String {
        Table { device: DEVICE.to_owned(), is_measured_here: true, rows: self.rows.clone() }.to_csv()
    }

    fn prepared(&mut self) -> Result<&mut Profile, BorderError> {
        self.profile.as_mut().ok_or_else(|| misuse("no operator is prepared: begin with one"))
    }
}

fn misuse(message: &str) -> BorderError {
    BorderError::misuse(message)
}
