use core::fmt;

use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use ts_rs::TS;

use crate::{Graph, MAX_LAYERS, NetworkError, Op, Shape};

/// The name by which layers read the network's input.
pub const INPUT_NAME: &str = "input";

/// The most characters that the name of a layer may have in a file, so that messages can be read.
const MAX_NAME_LENGTH: usize = 128;
/// Far more than any operator has.
const MAX_SETTINGS: usize = 32;

/// A network: the shape of its input and its layers, inputs before their readers. The last layer is the
/// output.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
#[ts(export)]
pub struct Network {
    /// Shape of one input image.
    pub input: Shape,
    /// The layers, each behind the layers it reads.
    pub layers: Vec<Layer>,
}

/// One layer of a network.
#[derive(Debug, Clone, PartialEq, TS)]
#[ts(export)]
pub struct Layer {
    /// Its name, unique in the network.
    pub name: String,
    /// Names of the layers it reads; `"input"` is the network's input.
    #[ts(optional, as = "Option<Vec<String>>")]
    pub inputs: Vec<String>,
    /// What it computes.
    #[ts(flatten)]
    pub op: Op,
}

impl Network {
    /// Reads a network from JSON and checks it whole.
    ///
    /// # Errors
    /// If the text is not a network, or the network is not sound.
    pub fn from_json(text: &str) -> Result<Self, NetworkError> {
        let network: Self =
            serde_json::from_str(text).map_err(|error| NetworkError::Json(error.to_string()))?;
        network.resolve()?;
        Ok(network)
    }

    /// Finds every input, every shape and every parameter.
    ///
    /// # Errors
    /// If the layers do not form a sound network.
    pub fn resolve(&self) -> Result<Graph, NetworkError> {
        Graph::of(self)
    }
}

/// Builds networks layer by layer, each reading the one before unless said otherwise.
impl Network {
    /// A network without layers.
    #[must_use]
    pub const fn new(input: Shape) -> Self {
        Self { input, layers: Vec::new() }
    }

    /// Adds a layer that reads the newest one (or the input) and returns its name.
    pub fn push(&mut self, name: impl Into<String>, op: Op) -> String {
        let newest = self.layers.last().map_or(INPUT_NAME, |layer| &layer.name).to_owned();
        self.push_reading(name, op, &[&newest])
    }

    /// Adds a layer that reads the named ones and returns its name.
    pub fn push_reading(&mut self, name: impl Into<String>, op: Op, inputs: &[&str]) -> String {
        let name = name.into();
        self.layers.push(Layer {
            name: name.clone(),
            inputs: inputs.iter().map(ToString::to_string).collect(),
            op,
        });
        name
    }
}

/// The layers as they are written: the operator's settings beside name and inputs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkForm {
    input: Shape,
    layers: LayerForms,
}

/// The settings of each layer, of at most [`MAX_LAYERS`].
struct LayerForms(Vec<Fields>);

type Fields = serde_json::Map<String, serde_json::Value>;

impl<'de> Deserialize<'de> for LayerForms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LayerFormsVisitor)
    }
}

struct LayerFormsVisitor;

impl<'de> Visitor<'de> for LayerFormsVisitor {
    type Value = LayerForms;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of layers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<LayerForms, A::Error> {
        let mut layers = Vec::new();
        while let Some(fields) = sequence.next_element()? {
            if layers.len() == MAX_LAYERS {
                return Err(A::Error::custom(format!("more than {MAX_LAYERS} layers")));
            }
            layers.push(fields);
        }
        Ok(LayerForms(layers))
    }
}

impl<'de> Deserialize<'de> for Network {
    /// A layer without `inputs` reads the layer before it; one without `name` is named after its operator
    /// and its place.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = NetworkForm::deserialize(deserializer)?;
        let mut network = Self::new(form.input);
        for (index, fields) in form.layers.0.into_iter().enumerate() {
            let name = fields.get("name").and_then(|name| name.as_str()).unwrap_or("unnamed");
            let name = name.chars().take(MAX_NAME_LENGTH).collect();
            let layer = read_layer(fields, index, network.layers.last()).map_err(|problem| {
                D::Error::custom(NetworkError::Layer { index: index + 1, name, problem })
            })?;
            network.layers.push(layer);
        }
        Ok(network)
    }
}

fn read_layer(mut fields: Fields, index: usize, previous: Option<&Layer>) -> Result<Layer, String> {
    let name = fields.remove("name").map(|value| read("name", value)).transpose()?;
    let inputs: Option<Vec<String>> =
        fields.remove("inputs").map(|value| read("inputs", value)).transpose()?;
    for (what, name) in
        name.iter().map(|name| ("name", name)).chain(inputs.iter().flatten().map(|input| ("inputs", input)))
    {
        let length = name.chars().count();
        if length > MAX_NAME_LENGTH {
            return Err(format!(
                "{what}: a name of {length} characters, at most {MAX_NAME_LENGTH} are allowed"
            ));
        }
    }
    Ok(Layer {
        op: read_op(&fields)?,
        name: name.unwrap_or_else(|| format!("{}-{}", fields["op"].as_str().unwrap_or_default(), index + 1)),
        inputs: inputs.unwrap_or_else(|| vec![previous.map_or(INPUT_NAME, |layer| &layer.name).to_owned()]),
    })
}

fn read<T: DeserializeOwned>(what: &str, value: serde_json::Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("{what}: {error}"))
}

fn read_op(fields: &Fields) -> Result<Op, String> {
    if !fields.get("op").is_some_and(serde_json::Value::is_string) {
        return Err("no operator: add \"op\"".into());
    }
    let settings = || fields.keys().filter(|key| *key != "op");
    if settings().count() > MAX_SETTINGS {
        return Err(format!("more than {MAX_SETTINGS} settings: no operator has as many"));
    }
    let parse = |fields: Fields| Op::deserialize(serde_json::Value::Object(fields));
    let op = parse(fields.clone()).map_err(|error| {
        let problem = error.to_string();
        if problem.starts_with("missing field") || problem.starts_with("unknown") {
            return problem;
        }
        // The first bad value ends the reading: it is the one without which the problem is another.
        let without = |key: &str| {
            let mut fields = fields.clone();
            fields.remove(key);
            parse(fields).err().map(|error| error.to_string())
        };
        let culprit = settings().find(|key| without(key).as_ref() != Some(&problem));
        culprit.map_or_else(|| problem.clone(), |key| format!("{key}: {problem}"))
    })?;
    match settings().next() {
        Some(setting) if op.is_plain() => {
            Err(format!("unknown field `{setting}`: {} has no settings", op.id()))
        }
        _ => Ok(op),
    }
}

impl Serialize for Layer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let settings = match serde_json::to_value(&self.op).map_err(serde::ser::Error::custom)? {
            serde_json::Value::Object(settings) => settings,
            other => unreachable!("an operator is written as an object, not {other}"),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", &self.name)?;
        map.serialize_entry("op", self.op.id())?;
        map.serialize_entry("inputs", &self.inputs)?;
        for (key, value) in settings.iter().filter(|(key, _)| *key != "op") {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2d, Dense};

    const SMALL: &str = r#"{"input": [1, 8, 8], "layers": [
        {"op": "conv2d", "out_channels": 4, "kernel": 3, "stride": 2},
        {"op": "relu"}, {"op": "global-avg-pool"}, {"op": "dense", "out_features": 10}]}"#;

    #[test]
    fn layers_read_the_one_before_and_get_a_name() {
        let network = Network::from_json(SMALL).unwrap();
        assert_eq!(network.layers[0].inputs, ["input"]);
        assert_eq!(network.layers[1].inputs, ["conv2d-1"]);
        assert_eq!(network.layers[3].op, Op::Dense(Dense { out_features: 10, bias: true }));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let network = Network::from_json(SMALL).unwrap();
        let written = serde_json::to_string(&network).unwrap();
        assert_eq!(Network::from_json(&written).unwrap(), network);
        assert!(written.contains(r#""out_channels":4,"stride":2}"#), "{written}");
    }

    /// Every operator with its default settings, which are not written, and with others, which are.
    #[test]
    fn every_operator_is_read_back_as_short_as_it_can_be() {
        let cases = [
            r#"{"op":"conv2d","out_channels":4,"kernel":3}"#,
            r#"{"op":"conv2d","out_channels":4,"kernel":[1,3],"stride":2,"dilation":2,"padding":"valid","groups":2,"bias":false}"#,
            r#"{"op":"meta-conv2d","out_channels":4,"sizes":[3,5]}"#,
            r#"{"op":"meta-conv2d","out_channels":4,"sizes":[1,11],"stride":2,"dilation":2,"padding":1,"groups":2,"bias":false}"#,
            r#"{"op":"batch-norm"}"#,
            r#"{"op":"layer-norm"}"#,
            r#"{"op":"layer-norm","epsilon":0.5}"#,
            r#"{"op":"relu"}"#,
            r#"{"op":"relu6"}"#,
            r#"{"op":"leaky-relu"}"#,
            r#"{"op":"leaky-relu","negative_slope":0.25}"#,
            r#"{"op":"silu"}"#,
            r#"{"op":"gelu"}"#,
            r#"{"op":"hard-swish"}"#,
            r#"{"op":"hard-sigmoid"}"#,
            r#"{"op":"sigmoid"}"#,
            r#"{"op":"tanh"}"#,
            r#"{"op":"max-pool","kernel":2}"#,
            r#"{"op":"avg-pool","kernel":2,"stride":1,"padding":"same"}"#,
            r#"{"op":"global-avg-pool"}"#,
            r#"{"op":"dense","out_features":10,"bias":false}"#,
            r#"{"op":"attention"}"#,
            r#"{"op":"attention","heads":2,"patch":[2,4]}"#,
            r#"{"op":"add"}"#,
            r#"{"op":"multiply"}"#,
            r#"{"op":"mixture"}"#,
            r#"{"op":"concat"}"#,
            r#"{"op":"channel-shuffle","groups":2}"#,
            r#"{"op":"upsample"}"#,
            r#"{"op":"upsample","factor":[1,2]}"#,
            r#"{"op":"downsample"}"#,
            r#"{"op":"downsample","factor":3}"#,
            r#"{"op":"dropout"}"#,
            r#"{"op":"dropout","probability":0.25}"#,
            r#"{"op":"zero"}"#,
            r#"{"op":"zero","stride":2}"#,
            r#"{"op":"identity"}"#,
        ];
        for text in cases {
            let op: Op = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(serde_json::to_string(&op).unwrap(), text);
            let id = text.split('"').nth(3).unwrap();
            assert_eq!(op.id(), id);
        }
    }

    #[test]
    fn bad_text_is_refused_with_its_place() {
        let layers = |layers: &str| format!(r#"{{"input": [1, 8, 8], "layers": [{layers}]}}"#);
        let cases = [
            ("", "line 1 column 0"),
            (r#"{"input": [1, 8, 8]}"#, "missing field `layers`"),
            (&layers(""), "no layers"),
            (&layers(r#"{"op": "conv3d"}"#), "layer 1 (unnamed): unknown variant `conv3d`"),
            (&layers(r#"{"name": "a", "op": "relu", "slope": 1}"#), "layer 1 (a): unknown field `slope`"),
            (&layers(r#"{"op": "max-pool", "kernal": 3}"#), "unknown field `kernal`"),
            (&layers(r#"{"op": "dense", "out_features": -1}"#), "invalid value: integer `-1`"),
            (&layers(r#"{"op": "dense", "out_features": 0}"#), "out_features is 0"),
            (&layers(r#"{"op": "relu", "inputs": ["later"]}"#), "reads 'later', which is no earlier layer"),
            (&layers(r#"{"kernel": 3}"#), "no operator"),
            (&layers(r#"{"op": 3}"#), "no operator"),
            (
                &layers(r#"{"op": "max-pool", "kernel": 2, "stride": [1]}"#),
                "layer 1 (unnamed): stride: expected",
            ),
            (&layers(r#"{"op": "conv2d", "kernel": 3, "out_channels": 1e99}"#), "out_channels: invalid type"),
            (&layers(r#"{"op": "conv2d", "kernel": 3}"#), "layer 1 (unnamed): missing field `out_channels`"),
            (&layers(r#"{"op": "conv2d", "out_channels": 3}"#), "layer 1 (unnamed): missing field `kernel`"),
            (&layers(&r#"{"op": "relu"},"#.repeat(5000)), "more than 4096 layers at line 1 column "),
            (
                &layers(&format!(r#"{{"name": "{}", "op": "relu"}}"#, "n".repeat(1000))),
                "a name of 1000 characters",
            ),
            (
                &layers(&format!(r#"{{"inputs": ["{}"], "op": "relu"}}"#, "n".repeat(1000))),
                "inputs: a name of 1000",
            ),
        ];
        for (text, expected) in cases {
            let error = Network::from_json(text).unwrap_err().to_string();
            assert!(error.len() < 1000, "{error}");
            assert!(error.contains(expected), "{text}\n  gave: {error}\n  expected: {expected}");
        }
    }

    #[test]
    fn a_builder_names_and_connects() {
        let mut network = Network::new(Shape::new(1, 8, 8));
        let a = network.push("a", Op::Conv2d(Conv2d::square(4, 3)));
        let b = network.push("b", Op::Conv2d(Conv2d::square(4, 1)));
        network.push_reading("sum", Op::Add, &[&a, &b]);
        assert_eq!(network.layers[2].inputs, ["a", "b"]);
        assert!(network.resolve().is_ok());
    }
}
