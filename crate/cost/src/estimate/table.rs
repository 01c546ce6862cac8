use nas_member::Text;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{CostError, Device, Estimator, Method, NetworkCosts, OperatorKind, StepWork};

/// Columns of a table as CSV.
const HEADER: &str = "operator,kernel_height,kernel_width,stride_height,stride_width,in_channels,out_channels,\
                      out_height,out_width,macs,ms";
/// Most rows of a table: far more than an operator has shapes worth measuring.
const ROWS_MAX: usize = 1 << 16;
/// Rows between which a time is interpolated.
const NEIGHBOURS: usize = 4;

/// Times of operators on a device, each of one shape; as CSV in docs/costs-on-devices.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct Table {
    /// Identifier of the device.
    pub device: String,
    /// Whether it was measured on the machine at hand with the trainer's own kernels.
    pub is_measured_here: bool,
    /// At least one.
    pub rows: Vec<TableRow>,
}

/// The time of one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
#[ts(export)]
pub struct TableRow {
    /// Kind of the operator.
    pub operator: OperatorKind,
    /// Height and width of the window.
    pub kernel: [u32; 2],
    /// Step of the window.
    pub stride: [u32; 2],
    /// Channels of the input.
    pub in_channels: u32,
    /// Shape of the output.
    pub out_shape: [u32; 3],
    /// Multiply-accumulates.
    #[ts(type = "number")]
    pub macs: u64,
    /// Time in milliseconds.
    pub ms: f64,
}

impl TableRow {
    /// The row of a step that took so long.
    #[must_use]
    pub fn new(step: &StepWork, ms: f64) -> Self {
        Self {
            operator: step.kind,
            kernel: [step.kernel.vertical, step.kernel.horizontal],
            stride: [step.stride.vertical, step.stride.horizontal],
            in_channels: step.input.channels,
            out_shape: [step.output.channels, step.output.height, step.output.width],
            macs: step.macs,
            ms,
        }
    }

    /// What the time is taken to be in proportion to, between shapes that are close: multiply-accumulates, or without any
    /// the points of all windows.
    fn work(&self) -> f64 {
        let product = |sizes: &[u32]| sizes.iter().map(|&size| f64::from(size)).product::<f64>();
        if self.macs > 0 { self.macs as f64 } else { product(&self.kernel) * product(&self.out_shape) }
    }

    /// Where the shape lies: logarithms of window, step, channels and pixels, and of the work, which tells groups.
    fn place(&self) -> [f64; 6] {
        let log = |sizes: &[u32]| libm::log(sizes.iter().map(|&size| f64::from(size)).product::<f64>());
        let [out_channels, height, width] = self.out_shape;
        [
            log(&self.kernel),
            log(&self.stride),
            log(&[self.in_channels]),
            log(&[out_channels]),
            log(&[height, width]),
            libm::log(self.work()),
        ]
    }
}

impl Table {
    /// Reads a table. Lines that begin with `#` and empty ones are left out.
    ///
    /// # Errors
    /// The line, and what is wrong there.
    pub fn from_csv(device: &str, is_measured_here: bool, text: &str) -> Result<Self, CostError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let invalid = |line, problem: String| CostError::InvalidTable { line, problem };
        match lines.next() {
            Some((_, HEADER)) => {}
            Some((line, other)) => {
                return Err(invalid(line, format!("the columns must be {HEADER}, not {}", shortened(other))));
            }
            None => return Err(invalid(1, format!("it is empty: the first line must be {HEADER}"))),
        }
        let mut rows = Vec::new();
        for (line, text) in lines {
            if rows.len() == ROWS_MAX {
                return Err(invalid(line, format!("there are more than {ROWS_MAX} rows")));
            }
            rows.push(read_row(text).map_err(|problem| invalid(line, problem))?);
        }
        if rows.is_empty() {
            return Err(invalid(1, "there are no rows".to_owned()));
        }
        Ok(Self { device: device.to_owned(), is_measured_here, rows })
    }

    /// Writes the table as [`Self::from_csv`] reads it.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut lines = vec![HEADER.to_owned()];
        for row in &self.rows {
            let sizes = [row.kernel[0], row.kernel[1], row.stride[0], row.stride[1], row.in_channels];
            let sizes = sizes.iter().chain(&row.out_shape).map(ToString::to_string).collect::<Vec<_>>();
            lines.push(format!("{},{},{},{}", row.operator.id(), sizes.join(","), row.macs, row.ms));
        }
        lines.join("\n") + "\n"
    }

    /// Time of a step in milliseconds: that of its row, or between rows of the same kind the time for a unit of work of the
    /// nearest, weighted by the inverse of their squared distances. None if there is no row of its kind.
    #[must_use]
    pub fn step_ms(&self, step: &StepWork) -> Option<f64> {
        let wanted = TableRow::new(step, 0.0);
        let place = wanted.place();
        let mut nearest: Vec<(f64, &TableRow)> = Vec::with_capacity(NEIGHBOURS + 1);
        for row in self.rows.iter().filter(|row| row.operator == step.kind) {
            let distance: f64 = row.place().iter().zip(place).map(|(a, b)| (a - b) * (a - b)).sum();
            if distance == 0.0 {
                return Some(row.ms);
            }
            let at = nearest.partition_point(|(other, _)| *other <= distance);
            nearest.insert(at, (distance, row));
            nearest.truncate(NEIGHBOURS);
        }
        let weight: f64 = nearest.iter().map(|(distance, _)| 1.0 / distance).sum();
        let rates = nearest.iter().map(|(distance, row)| row.ms / row.work() / distance);
        (!nearest.is_empty()).then(|| wanted.work() * rates.sum::<f64>() / weight)
    }
}

impl Estimator for Table {
    fn method(&self) -> Method {
        if self.is_measured_here { Method::Measured } else { Method::LookUpTable }
    }

    fn latency_ms(&self, costs: &NetworkCosts, device: &Device) -> Option<f64> {
        if device.id != self.device {
            return None;
        }
        costs.steps.iter().map(|step| self.step_ms(step)).sum()
    }

    fn error_percent(&self, _device: &Device) -> Option<f64> {
        None
    }

    fn note(&self, _device: &Device) -> Text {
        if self.is_measured_here {
            Text::new(
                "Sum of the times of its operators, measured on this machine with the trainer's kernels (f32).",
                "Suma de los tiempos de sus operadores, medidos en esta máquina con los núcleos del entrenador (f32).",
            )
        } else {
            Text::new(
                "Sum of the times of its operators from a table, interpolated between shapes.",
                "Suma de los tiempos de sus operadores según una tabla, interpolada entre formas.",
            )
        }
    }
}

fn read_row(text: &str) -> Result<TableRow, String> {
    let cells: Vec<&str> = text.split(',').map(str::trim).collect();
    let count = HEADER.split(',').count();
    if cells.len() != count {
        return Err(format!("there are {} columns, not {count}", cells.len()));
    }
    let operator = OperatorKind::find(cells[0]).ok_or_else(|| {
        let known = OperatorKind::ALL.map(OperatorKind::id).join(", ");
        format!("'{}' is no kind of operator: use one of {known}", shortened(cells[0]))
    })?;
    let size = |cell: usize| match cells[cell].parse::<u32>() {
        Ok(size @ 1..) => Ok(size),
        _ => Err(format!("'{}' is no size: use a whole number from 1", shortened(cells[cell]))),
    };
    let macs = cells[9].parse().map_err(|_| format!("'{}' is no number of MACs", shortened(cells[9])))?;
    let ms = cells[10].parse::<f64>().ok().filter(|ms| ms.is_finite() && *ms >= 0.0);
    Ok(TableRow {
        operator,
        kernel: [size(1)?, size(2)?],
        stride: [size(3)?, size(4)?],
        in_channels: size(5)?,
        out_shape: [size(6)?, size(7)?, size(8)?],
        macs,
        ms: ms.ok_or_else(|| format!("'{}' is no time in milliseconds", shortened(cells[10])))?,
    })
}

/// As much of a text as a message repeats.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::device;

    const CSV: &str = "# made up\n\
        operator,kernel_height,kernel_width,stride_height,stride_width,in_channels,out_channels,out_height,out_width,macs,ms\n\
        conv,3,3,1,1,4,8,8,8,18432,2\n\
        conv,3,3,1,1,8,8,8,8,36864,3\n\
        dense,1,1,1,1,512,10,1,1,5120,0.5\n";

    fn costs(layers: &str) -> NetworkCosts {
        let text = format!(r#"{{"input": [4,8,8], "layers": [{layers}]}}"#);
        NetworkCosts::of(&Network::from_json(&text).unwrap().resolve().unwrap()).unwrap()
    }

    #[test]
    fn measured_shapes_have_their_times_and_others_times_between() {
        let table = Table::from_csv("microbit", false, CSV).unwrap();
        let microbit = device("microbit").unwrap();
        let conv = |channels| format!(r#"{{"op":"conv2d","out_channels":{channels},"kernel":3}}"#);
        let head = r#"{"op":"dense","out_features":10}"#;
        let told = |layers: &str| table.latency_ms(&costs(layers), microbit);
        assert_eq!(told(&format!("{},{head}", conv(8))), Some(2.5));
        // Half the work of the first row, a quarter of the second's: between their times for a MAC, closer to the first.
        let between = told(&conv(4)).unwrap();
        assert!(between > 9216.0 * (3.0 / 36864.0 + 2.0 / 18432.0) / 2.0 && between < 1.0, "{between}");
        // No row of a pool, and another device.
        assert_eq!(told(r#"{"op":"max-pool","kernel":2}"#), None);
        assert_eq!(table.latency_ms(&costs(&conv(8)), device("rp2040").unwrap()), None);
    }

    #[test]
    fn a_table_is_read_as_it_is_written() {
        let table = Table::from_csv("microbit", true, CSV).unwrap();
        assert_eq!(Table::from_csv("microbit", true, &table.to_csv()), Ok(table));
    }

    #[test]
    fn bad_lines_are_refused_with_their_place() {
        let cases = [
            ("", "line 1: it is empty"),
            ("operator,ms\n", "line 1: the columns must be operator,kernel_height"),
            (&CSV.replace("dense", "tense"), "line 5: 'tense' is no kind of operator: use one of conv, "),
            (&CSV.replace(",0.5", ",-1"), "line 5: '-1' is no time in milliseconds"),
            (&CSV.replace(",512,", ",0,"), "line 5: '0' is no size"),
            (&CSV.replace(",0.5", ""), "line 5: there are 10 columns, not 11"),
            (&CSV[..CSV.find("conv,").unwrap()], "there are no rows"),
        ];
        for (text, expected) in cases {
            let error = Table::from_csv("x", false, text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}\n  expected: {expected}");
        }
    }
}
