//! From the text of a file to genes and layers, with the line of whatever is wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::form::{
    ChoiceForm, ChoicesForm, ChooseForm, FORMAT, FileForm, GeneForm, ItemKind, MAX_CHANNELS, MAX_EXPANSION,
    MAX_KERNEL, MAX_REPEAT, MAX_STRIDE, NumberForm, RepeatForm, WhenForm,
};
use super::{CustomError, Item, MAX_CUSTOM_BYTES, Number};
use crate::gene::Parent;
use crate::pick::{Genes, Pick};
use crate::{Gene, GeneTree};

/// Layers of the network that a block may become: an inverted residual with gates.
const MOST_LAYERS_OF_A_BLOCK: usize = 16;
/// The most layers of a network: they are drawn, priced and trained in a moment.
const MAX_LAYERS: usize = 1024;
/// How deep lists may stand in lists.
const MAX_NESTING: u32 = 8;

/// Genes and layers of a file.
pub(super) fn read(text: &str) -> Result<(GeneTree, Vec<Item>), CustomError> {
    if text.len() > MAX_CUSTOM_BYTES {
        return Err(CustomError::TooLong(text.len()));
    }
    let file: FileForm<'_> = serde_json::from_str(text)
        .map_err(|error| CustomError::Line { line: error.line().max(1), problem: without_place(&error) })?;
    let mut reader = Reader { text, declared: Vec::new(), genes: Genes::default() };
    if file.format != FORMAT {
        let problem = format!("format {} is not known: this program reads format {FORMAT}", file.format);
        return Err(CustomError::Line { line: 1, problem });
    }
    for gene in file.genes {
        reader.declare(gene)?;
    }
    if reader.declared.is_empty() {
        return Err(CustomError::Line { line: 1, problem: "there is nothing to choose: add a gene".into() });
    }
    let layers = reader.items(&file.layers, MAX_NESTING)?;
    let most = most_layers(&layers);
    if most > MAX_LAYERS {
        let problem =
            format!("a network could have {most} layers: at most {MAX_LAYERS} are allowed; repeat less");
        return Err(CustomError::Line { line: 1, problem });
    }
    Ok((reader.genes.tree(), layers))
}

/// A gene as it was declared.
struct Declared {
    id: String,
    choices: Choices,
}

enum Choices {
    Numbers(Vec<u32>),
    Words(Vec<String>),
}

struct Reader<'a> {
    text: &'a str,
    declared: Vec<Declared>,
    genes: Genes,
}

/// A field's name and what its numbers may be.
type Field = (&'static str, u32, u32);

const OUT_CHANNELS: Field = ("out_channels", 1, MAX_CHANNELS);
const KERNEL: Field = ("kernel", 1, MAX_KERNEL);
const STRIDE: Field = ("stride", 1, MAX_STRIDE);
const EXPANSION: Field = ("expansion", 1, MAX_EXPANSION);
const SQUEEZE_EXCITE: Field = ("squeeze_excite", 0, 1);
const SQUEEZE: Field = ("squeeze", 1, MAX_CHANNELS);
const EXPAND_1X1: Field = ("expand1x1", 1, MAX_CHANNELS / 2);
const EXPAND_3X3: Field = ("expand3x3", 0, MAX_CHANNELS / 2);

impl Reader<'_> {
    /// An error at the line where a part of the text begins.
    fn error(&self, part: &RawValue, problem: impl Into<String>) -> CustomError {
        self.error_below(part, 0, problem)
    }

    fn error_below(&self, part: &RawValue, lines: usize, problem: impl Into<String>) -> CustomError {
        // The part is a slice of the text.
        let offset = part.get().as_ptr() as usize - self.text.as_ptr() as usize;
        let line = self.text[..offset].matches('\n').count() + 1 + lines;
        CustomError::Line { line, problem: problem.into() }
    }

    fn parse<'a, T: Deserialize<'a>>(&self, part: &'a RawValue) -> Result<T, CustomError> {
        serde_json::from_str(part.get())
            .map_err(|error| self.error_below(part, error.line().saturating_sub(1), without_place(&error)))
    }

    fn declare(&mut self, part: &RawValue) -> Result<(), CustomError> {
        let GeneForm { id, choices, when } = self.parse(part)?;
        if id.is_empty() || self.declared.iter().any(|gene| gene.id == id) {
            return Err(self.error(part, format!("gene '{id}': give every gene a name of its own")));
        }
        let (gene, choices) = match choices {
            ChoicesForm::Numbers(numbers) => {
                if numbers.is_empty() || !numbers.is_sorted_by(|a, b| a < b) {
                    return Err(
                        self.error(part, format!("gene '{id}': its numbers must be ascending, at least one"))
                    );
                }
                (Gene::ordinal(&id, &numbers), Choices::Numbers(numbers))
            }
            ChoicesForm::Words(words) => {
                let repeats = (1..words.len()).any(|at| words[..at].contains(&words[at]));
                if words.is_empty() || repeats {
                    return Err(self.error(part, format!("gene '{id}': its words must differ, at least one")));
                }
                let gene = Gene::new(&id, &words);
                // What its words stand for is known by the name only.
                let gene = if id.ends_with("operator") { gene.of_operators([]) } else { gene };
                (gene, Choices::Words(words))
            }
        };
        let parent = when.map(|when| self.parent(part, &id, &when)).transpose()?;
        self.genes.push(Gene { parent, ..gene });
        self.declared.push(Declared { id, choices });
        Ok(())
    }

    fn parent(&self, part: &RawValue, id: &str, when: &WhenForm) -> Result<Parent, CustomError> {
        let gene = self.find(part, &when.gene)?;
        let place = |choice: &ChoiceForm| match (choice, &self.declared[gene].choices) {
            (ChoiceForm::Number(number), Choices::Numbers(numbers)) => {
                numbers.iter().position(|n| n == number)
            }
            (ChoiceForm::Word(word), Choices::Words(words)) => words.iter().position(|w| w == word),
            _ => None,
        };
        let places: Option<Vec<u16>> = when.is.iter().map(|choice| Some(place(choice)? as u16)).collect();
        match places {
            Some(values) if !values.is_empty() => Ok(Parent { gene, values }),
            _ => {
                let problem = format!("gene '{id}': \"is\" must list some of the choices of '{}'", when.gene);
                Err(self.error(part, problem))
            }
        }
    }

    fn find(&self, part: &RawValue, id: &str) -> Result<usize, CustomError> {
        self.declared.iter().position(|gene| gene.id == id).ok_or_else(|| {
            let known: Vec<&str> = self.declared.iter().map(|gene| gene.id.as_str()).collect();
            self.error(part, format!("there is no gene '{id}' before this: there are {}", known.join(", ")))
        })
    }

    fn items(&self, parts: &[&RawValue], nesting: u32) -> Result<Vec<Item>, CustomError> {
        parts.iter().map(|part| self.item(part, nesting)).collect()
    }

    fn item(&self, part: &RawValue, nesting: u32) -> Result<Item, CustomError> {
        let Some(deeper) = nesting.checked_sub(1) else {
            return Err(self.error(part, format!("lists stand more than {MAX_NESTING} deep in lists")));
        };
        match self.parse(part)? {
            ItemKind::Block { block } => self.block(part, &block),
            ItemKind::Repeat => {
                let RepeatForm { repeat, layers } = self.parse(part)?;
                let times = self.number(part, ("repeat", 0, MAX_REPEAT), &repeat)?;
                Ok(Item::Repeat { times, layers: self.items(&layers, deeper)? })
            }
            ItemKind::Choose => self.choose(part, deeper),
        }
    }

    fn choose(&self, part: &RawValue, nesting: u32) -> Result<Item, CustomError> {
        let ChooseForm { choose, mut between } = self.parse(part)?;
        let gene = self.find(part, choose.strip_prefix('$').unwrap_or(&choose))?;
        let Choices::Words(words) = &self.declared[gene].choices else {
            return Err(self.error(part, format!("'{choose}' chooses numbers: a gene with words is needed")));
        };
        let mut lists = Vec::with_capacity(words.len());
        for word in words {
            let list = between.remove(word);
            let list =
                list.ok_or_else(|| self.error(part, format!("\"between\" says nothing of '{word}'")))?;
            lists.push(self.items(&list, nesting)?);
        }
        match between.keys().next() {
            Some(word) => Err(self.error(part, format!("'{word}' is no choice of '{choose}'"))),
            None => Ok(Item::Choose { gene: Pick::of_gene(gene, (0..words.len() as u32).collect()), lists }),
        }
    }

    fn block(&self, part: &RawValue, block: &str) -> Result<Item, CustomError> {
        let mut fields: BTreeMap<String, serde_json::Value> = self.parse(part)?;
        fields.remove("block");
        let mut take = |field: Field, default: Option<u32>| -> Result<Number, CustomError> {
            let (name, ..) = field;
            match (fields.remove(name), default) {
                (Some(value), _) => {
                    let form = serde_json::from_value(value);
                    let form = form.map_err(|error| self.error(part, format!("{name}: {error}")))?;
                    self.number(part, field, &form)
                }
                (None, Some(default)) => Ok(Number::Fixed(default)),
                (None, None) => Err(self.error(part, format!("'{block}' needs \"{name}\""))),
            }
        };
        let item = match block {
            "conv" | "separable" | "residual" => {
                let (out_channels, kernel) = (take(OUT_CHANNELS, None)?, take(KERNEL, Some(3))?);
                let stride = take(STRIDE, Some(1))?;
                match block {
                    "conv" => Item::Conv { out_channels, kernel, stride },
                    "separable" => Item::Separable { out_channels, kernel, stride },
                    _ => Item::Residual { out_channels, kernel, stride },
                }
            }
            "inverted-residual" => Item::InvertedResidual {
                out_channels: take(OUT_CHANNELS, None)?,
                kernel: take(KERNEL, Some(3))?,
                stride: take(STRIDE, Some(1))?,
                expansion: take(EXPANSION, None)?,
                squeeze_excite: take(SQUEEZE_EXCITE, Some(0))?,
            },
            "fire" => Item::Fire {
                squeeze: take(SQUEEZE, None)?,
                expand1x1: take(EXPAND_1X1, None)?,
                expand3x3: take(EXPAND_3X3, None)?,
            },
            "max-pool" => Item::MaxPool { kernel: take(KERNEL, Some(2))? },
            "avg-pool" => Item::AvgPool { kernel: take(KERNEL, Some(2))? },
            _ => {
                let known = "conv, separable, residual, inverted-residual, fire, max-pool, avg-pool";
                return Err(self.error(part, format!("there is no block '{block}': use one of {known}")));
            }
        };
        match fields.keys().next() {
            Some(field) => Err(self.error(part, format!("'{block}' has no \"{field}\""))),
            None => Ok(item),
        }
    }

    /// A number within the bounds of its field, whatever is chosen.
    fn number(&self, part: &RawValue, field: Field, form: &NumberForm) -> Result<Number, CustomError> {
        let (name, min, max) = field;
        let check = |value: u32| {
            let problem = || format!("{name} is {value}, it must be from {min} to {max}");
            if (min..=max).contains(&value) { Ok(()) } else { Err(self.error(part, problem())) }
        };
        let id = match form {
            NumberForm::Fixed(value) => return check(*value).map(|()| Number::Fixed(*value)),
            NumberForm::Gene(id) => id,
        };
        let Some(id) = id.strip_prefix('$') else {
            return Err(self.error(part, format!("{name} is '{id}': write a number, or '${id}' for a gene")));
        };
        let gene = self.find(part, id)?;
        let Choices::Numbers(numbers) = &self.declared[gene].choices else {
            return Err(
                self.error(part, format!("{name} is chosen by '{id}', which has words: numbers are needed"))
            );
        };
        numbers.iter().try_for_each(|&value| check(value))?;
        Ok(Number::Chosen(Pick::of_gene(gene, numbers.clone())))
    }
}

/// The most layers that a list may become.
fn most_layers(items: &[Item]) -> usize {
    let most = |item: &Item| match item {
        Item::Repeat { times, layers } => {
            let times = match times {
                Number::Fixed(times) => *times,
                Number::Chosen(pick) => pick.largest(),
            };
            most_layers(layers).saturating_mul(times as usize)
        }
        Item::Choose { lists, .. } => lists.iter().map(|list| most_layers(list)).max().unwrap_or(0),
        _ => MOST_LAYERS_OF_A_BLOCK,
    };
    items.iter().map(most).fold(0, usize::saturating_add)
}

/// What `serde_json` says of an error, without its place, which is that of a part.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}
