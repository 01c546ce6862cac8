//! An accelerator as text: `template=gemmini,rows=8,dataflow=os,clock_mhz=400`.

use core::fmt;

use thiserror::Error;

use super::{
    Accelerator, Dataflow, MAX_ARRAY_SIDE, MAX_SRAM_KIB, OPERAND_BITS, TECHNOLOGY_PARAMETERS, template,
    templates,
};

const DATAFLOW: &str = "dataflow";
const TEMPLATE: &str = "template";

/// A whole number of an accelerator: name, smallest and largest value, place.
type Size = (&'static str, u32, u32, fn(&mut Accelerator) -> &mut u32);

const SIZES: [Size; 6] = [
    ("rows", 1, MAX_ARRAY_SIDE, |accelerator| &mut accelerator.rows),
    ("columns", 1, MAX_ARRAY_SIDE, |accelerator| &mut accelerator.columns),
    ("input_sram_kib", 1, MAX_SRAM_KIB, |accelerator| &mut accelerator.input_sram_kib),
    ("filter_sram_kib", 1, MAX_SRAM_KIB, |accelerator| &mut accelerator.filter_sram_kib),
    ("output_sram_kib", 1, MAX_SRAM_KIB, |accelerator| &mut accelerator.output_sram_kib),
    ("bits", OPERAND_BITS[0], OPERAND_BITS[1], |accelerator| &mut accelerator.bits),
];

/// Why a text is no accelerator.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AcceleratorError {
    /// Not `name=value`.
    #[error(
        "'{0}' is no part of an accelerator: write name=value, joined by commas, as in rows=16,dataflow=ws"
    )]
    Form(String),
    /// No parameter of that name.
    #[error("an accelerator has no '{name}': there are {known}")]
    Unknown {
        /// What was given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A value that a parameter cannot have.
    #[error("{name}={value}: use {expected}")]
    Value {
        /// The parameter.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it takes.
        expected: String,
    },
    /// Said twice, or a template that is not the first.
    #[error("'{0}' is given twice, or too late: each name stands once, template first")]
    Repeated(String),
}

impl Accelerator {
    /// Reads an accelerator; what the text leaves out is that of the template, or of [`Accelerator::default`].
    ///
    /// # Errors
    /// If a name does not exist or stands twice, a value is out of bounds, or the template is not the first.
    pub fn parse(text: &str) -> Result<Self, AcceleratorError> {
        let mut accelerator = Self::default();
        let mut seen: Vec<&str> = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (name, value) =
                part.split_once('=').ok_or_else(|| AcceleratorError::Form(part.to_owned()))?;
            if seen.contains(&name) || (name == TEMPLATE && !seen.is_empty()) {
                return Err(AcceleratorError::Repeated(name.to_owned()));
            }
            accelerator.set(name, value)?;
            seen.push(name);
        }
        Ok(accelerator)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), AcceleratorError> {
        let refused =
            |name, expected| Err(AcceleratorError::Value { name, value: value.to_owned(), expected });
        if name == TEMPLATE {
            let Some(template) = template(value) else {
                let ids: Vec<&str> = templates().iter().map(|template| template.id).collect();
                return refused(TEMPLATE, format!("one of {}", ids.join(", ")));
            };
            *self = template.accelerator();
        } else if name == DATAFLOW {
            let Some(dataflow) = Dataflow::find(value) else {
                return refused(DATAFLOW, format!("one of {}", Dataflow::ALL.map(Dataflow::id).join(", ")));
            };
            self.dataflow = dataflow;
        } else if let Some(&(name, min, max, place)) = SIZES.iter().find(|(known, ..)| *known == name) {
            match value.parse() {
                Ok(number) if (min..=max).contains(&number) => *place(self) = number,
                _ => return refused(name, format!("a whole number from {min} to {max}")),
            }
        } else if let Some(parameter) = TECHNOLOGY_PARAMETERS.iter().find(|known| known.name == name) {
            match value.parse::<f64>() {
                Ok(number) if number.is_finite() && number > 0.0 => {
                    *(parameter.place)(&mut self.technology) = number;
                }
                _ => return refused(parameter.name, "a positive number".to_owned()),
            }
        } else {
            let sizes = SIZES.iter().map(|(name, ..)| *name);
            let names = [TEMPLATE].into_iter().chain(sizes).chain([DATAFLOW]);
            let known: Vec<&str> =
                names.chain(TECHNOLOGY_PARAMETERS.iter().map(|parameter| parameter.name)).collect();
            return Err(AcceleratorError::Unknown { name: name.to_owned(), known: known.join(", ") });
        }
        Ok(())
    }
}

impl fmt::Display for Accelerator {
    /// As [`Accelerator::parse`] reads it; of the technology only what differs from the default.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Places are mutable; a copy keeps this one as it is.
        let mut copy = *self;
        for (name, _, _, place) in SIZES {
            write!(formatter, "{name}={},", place(&mut copy))?;
        }
        write!(formatter, "{DATAFLOW}={}", self.dataflow.id())?;
        for parameter in &TECHNOLOGY_PARAMETERS {
            let value = *(parameter.place)(&mut copy.technology);
            if value != parameter.default {
                write!(formatter, ",{}={value}", parameter.name)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accelerators_are_read_as_they_are_written() {
        let text =
            "rows=16,columns=8,input_sram_kib=32,filter_sram_kib=16,output_sram_kib=4,bits=4,dataflow=is";
        let accelerator = Accelerator::parse(text).unwrap();
        assert_eq!((accelerator.rows, accelerator.bits), (16, 4));
        assert_eq!(accelerator.dataflow, Dataflow::InputStationary);
        assert_eq!(accelerator.to_string(), text);
        let fast = Accelerator::parse("clock_mhz=400.5").unwrap();
        assert_eq!(fast.technology.clock_mhz, 400.5);
        assert_eq!(Accelerator::parse(&fast.to_string()), Ok(fast));
        for template in templates() {
            let accelerator = template.accelerator();
            assert_eq!(Accelerator::parse(&accelerator.to_string()), Ok(accelerator));
        }
    }

    #[test]
    fn what_is_left_out_is_the_template_s() {
        assert_eq!(Accelerator::parse(""), Ok(Accelerator::default()));
        let changed = Accelerator::parse("template=gemmini,rows=4").unwrap();
        let gemmini = template("gemmini").unwrap().accelerator();
        assert_eq!(changed, Accelerator { rows: 4, ..gemmini });
    }

    #[test]
    fn bad_texts_are_refused_with_what_to_do() {
        let cases = [
            ("rows", "'rows' is no part of an accelerator: write name=value"),
            ("rows=16,", "'' is no part"),
            ("height=16", "an accelerator has no 'height': there are template, rows, columns,"),
            ("rows=0", "rows=0: use a whole number from 1 to 4096"),
            ("columns=4097", "columns=4097: use"),
            ("rows=-3", "rows=-3: use"),
            ("rows=99999999999", "rows=99999999999: use"),
            ("bits=1", "bits=1: use a whole number from 2 to 32"),
            ("input_sram_kib=0.5", "use a whole number from 1 to 1048576"),
            ("dataflow=rs", "dataflow=rs: use one of os, ws, is"),
            ("template=tpu", "template=tpu: use one of scale-sim, gemmini-chip, gemmini,"),
            ("clock_mhz=0", "clock_mhz=0: use a positive number"),
            ("clock_mhz=NaN", "use a positive number"),
            ("dram_pj=inf", "use a positive number"),
            ("rows=1,rows=2", "'rows' is given twice"),
            ("rows=1,template=gemmini", "'template' is given twice, or too late"),
        ];
        for (text, expected) in cases {
            let error = Accelerator::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
