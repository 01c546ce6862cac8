use nas_member::Text;

use crate::{Device, Estimator, Method, NetworkCosts, OperatorKind};

/// Weight of the penalty, as a share of the weight of the data. It keeps features that always come together apart.
const RIDGE: f64 = 1e-4;
/// Parts into which the samples are divided; each is held out once.
const FOLDS: usize = 5;
/// Multiply-accumulates, outputs and steps of each kind of operator.
const FEATURES: usize = 3 * OperatorKind::ALL.len();

type Features = [f64; FEATURES];

/// A network and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// What the network costs.
    pub costs: &'a NetworkCosts,
    /// Time of one inference in milliseconds, positive.
    pub latency_ms: f64,
}

/// A linear model of latency, fitted on whole networks: for each kind of operator a · MACs + b · outputs + c · steps.
///
/// Ridge regression (Hoerl and Kennard 1970) of relative errors on columns of equal length. The penalty is small: a feature
/// that no sample has gets no weight, so networks of operators that were not measured are not told.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    device: String,
    weights: Features,
    /// Kinds of operators that the samples had.
    known: [bool; OperatorKind::ALL.len()],
    error_percent: Option<f64>,
}

impl Prediction {
    /// Fits the model, and again without each fifth of the samples to see how far it is off on that fifth.
    ///
    /// None without samples, or if one of their times is not positive.
    #[must_use]
    pub fn fit(device: &str, samples: &[Sample]) -> Option<Self> {
        if samples.is_empty() || !samples.iter().all(|sample| sample.latency_ms > 0.0) {
            return None;
        }
        let rows: Vec<(Features, f64)> =
            samples.iter().map(|sample| (features(sample.costs), sample.latency_ms)).collect();
        let mut known = [false; OperatorKind::ALL.len()];
        samples
            .iter()
            .flat_map(|sample| &sample.costs.steps)
            .for_each(|step| known[step.kind as usize] = true);
        let error_percent = (rows.len() >= FOLDS).then(|| held_out_error(&rows));
        Some(Self { device: device.to_owned(), weights: solve(&rows), known, error_percent })
    }
}

impl Estimator for Prediction {
    fn method(&self) -> Method {
        Method::Prediction
    }

    fn latency_ms(&self, costs: &NetworkCosts, device: &Device) -> Option<f64> {
        let is_known = costs.steps.iter().all(|step| self.known[step.kind as usize]);
        (device.id == self.device && is_known).then(|| dot(&self.weights, &features(costs)).max(0.0))
    }

    fn error_percent(&self, _device: &Device) -> Option<f64> {
        self.error_percent
    }

    fn note(&self, _device: &Device) -> Text {
        Text::new(
            "A linear model fitted on measured networks; its error is that on networks held out.",
            "Un modelo lineal ajustado a redes medidas; su error es el de redes apartadas.",
        )
    }
}

fn features(costs: &NetworkCosts) -> Features {
    let mut features = [0.0; FEATURES];
    for step in &costs.steps {
        let kind = step.kind as usize;
        features[3 * kind] += step.macs as f64;
        features[3 * kind + 1] += step.output.elements() as f64;
        features[3 * kind + 2] += 1.0;
    }
    features
}

/// Mean of the absolute relative errors on samples held out, in percent.
fn held_out_error(rows: &[(Features, f64)]) -> f64 {
    let mut sum = 0.0;
    for fold in 0..FOLDS {
        let is_held_out = |index: &usize| index % FOLDS == fold;
        let others: Vec<_> =
            (0..rows.len()).filter(|index| !is_held_out(index)).map(|index| rows[index]).collect();
        let weights = solve(&others);
        for (row, latency_ms) in (0..rows.len()).filter(is_held_out).map(|index| rows[index]) {
            sum += (dot(&weights, &row).max(0.0) / latency_ms - 1.0).abs();
        }
    }
    100.0 * sum / rows.len() as f64
}

/// The weights with the smallest sum of squared relative errors and penalty: `(XᵀX + λI) w = Xᵀ1` for rows divided by
/// their times and columns by their lengths, by Cholesky's decomposition.
fn solve(rows: &[(Features, f64)]) -> Features {
    let relative: Vec<Features> = rows.iter().map(|(row, ms)| row.map(|value| value / ms)).collect();
    let mut lengths = [0.0; FEATURES];
    for (column, length) in lengths.iter_mut().enumerate() {
        *length = relative.iter().map(|row| row[column] * row[column]).sum::<f64>().sqrt();
    }
    let scaled = |row: &Features, column: usize| {
        if lengths[column] > 0.0 { row[column] / lengths[column] } else { 0.0 }
    };
    let mut lower = [[0.0; FEATURES]; FEATURES];
    for row in 0..FEATURES {
        for column in 0..=row {
            let product: f64 = relative.iter().map(|x| scaled(x, row) * scaled(x, column)).sum();
            let penalty = if row == column { RIDGE } else { 0.0 };
            let known: f64 = (0..column).map(|k| lower[row][k] * lower[column][k]).sum();
            let rest = product + penalty - known;
            lower[row][column] = if row == column { rest.sqrt() } else { rest / lower[column][column] };
        }
    }
    let mut weights = [0.0; FEATURES];
    for row in 0..FEATURES {
        let target: f64 = relative.iter().map(|x| scaled(x, row)).sum();
        let known: f64 = (0..row).map(|k| lower[row][k] * weights[k]).sum();
        weights[row] = (target - known) / lower[row][row];
    }
    for row in (0..FEATURES).rev() {
        let known: f64 = (row + 1..FEATURES).map(|k| lower[k][row] * weights[k]).sum();
        weights[row] = (weights[row] - known) / lower[row][row];
    }
    for (weight, length) in weights.iter_mut().zip(lengths) {
        *weight = if length > 0.0 { *weight / length } else { 0.0 };
    }
    weights
}

fn dot(weights: &Features, row: &Features) -> f64 {
    weights.iter().zip(row).map(|(weight, value)| weight * value).sum()
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;
    use crate::device;

    /// Networks of two convolutions and a head.
    fn networks() -> Vec<NetworkCosts> {
        let network = |place: u32| {
            let (first, second, size) = (2 + place % 5, 3 + (7 * place) % 11, 6 + place % 4);
            let text = format!(
                r#"{{"input": [1,{size},{size}], "layers": [{{"op":"conv2d","out_channels":{first},"kernel":3}},
                {{"op":"conv2d","out_channels":{second},"kernel":1}},{{"op":"dense","out_features":10}}]}}"#
            );
            NetworkCosts::of(&Network::from_json(&text).unwrap().resolve().unwrap()).unwrap()
        };
        (0..40).map(network).collect()
    }

    fn truth(costs: &NetworkCosts) -> f64 {
        let step = |step: &crate::StepWork| match step.kind {
            OperatorKind::Conv => 0.002 * step.macs as f64,
            OperatorKind::Pointwise => 0.001 * step.macs as f64 + 0.03 * step.output.elements() as f64,
            _ => 0.004 * step.macs as f64,
        };
        1.0 + costs.steps.iter().map(step).sum::<f64>()
    }

    #[test]
    fn a_linear_truth_is_found_again() {
        let networks = networks();
        let samples: Vec<Sample> =
            networks.iter().map(|costs| Sample { costs, latency_ms: truth(costs) }).collect();
        let rp2040 = device("rp2040").unwrap();
        let model = Prediction::fit("rp2040", &samples[..30]).unwrap();
        let error = model.error_percent(rp2040).unwrap();
        assert!(error > 0.0 && error < 2.0, "{error}");
        for costs in &networks[30..] {
            let predicted = model.latency_ms(costs, rp2040).unwrap();
            assert!((predicted / truth(costs) - 1.0).abs() < 0.05, "{predicted} of {}", truth(costs));
        }
        assert_eq!(model.latency_ms(&networks[0], device("microbit").unwrap()), None);
    }

    #[test]
    fn the_error_grows_with_what_no_line_explains() {
        let networks = networks();
        let noisy = |(place, costs)| Sample {
            costs,
            latency_ms: truth(costs) * if place % 3 == 0 { 1.5 } else { 1.0 },
        };
        let samples: Vec<Sample> = networks.iter().enumerate().map(noisy).collect();
        let error = Prediction::fit("rp2040", &samples).unwrap().error_percent(device("rp2040").unwrap());
        assert!(error.unwrap() > 10.0, "{error:?}");
    }

    #[test]
    fn operators_that_were_not_measured_are_not_told() {
        let networks = networks();
        let samples: Vec<Sample> = networks.iter().map(|costs| Sample { costs, latency_ms: 1.0 }).collect();
        let model = Prediction::fit("rp2040", &samples).unwrap();
        let text = r#"{"input": [1,8,8], "layers": [{"op":"max-pool","kernel":2}]}"#;
        let pool = NetworkCosts::of(&Network::from_json(text).unwrap().resolve().unwrap()).unwrap();
        assert_eq!(model.latency_ms(&pool, device("rp2040").unwrap()), None);
        assert_eq!(Prediction::fit("rp2040", &[]), None);
        let few = Prediction::fit("rp2040", &samples[..4]).unwrap();
        assert_eq!(few.error_percent(device("rp2040").unwrap()), None);
    }
}
