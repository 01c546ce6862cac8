use nas_member::Text;

use crate::{Device, Estimator, Method, NetworkCosts};

const OPERATIONS_PER_MAC: f64 = 2.0;
const MS_PER_SECOND: f64 = 1e3;

/// Time = 2 · MACs / stated peak rate: a lower bound that no network reaches.
///
/// Published networks reach 8 to 56 % of the stated peaks on a GPU, a phone and a Raspberry Pi; small ones on
/// microcontrollers 1 to 43 % (docs/costs-on-devices.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatedPeakEstimator;

impl Estimator for StatedPeakEstimator {
    fn method(&self) -> Method {
        Method::StatedPeak
    }

    fn latency_ms(&self, costs: &NetworkCosts, device: &Device) -> Option<f64> {
        let rate = device.compute?.operations_per_second;
        Some(OPERATIONS_PER_MAC * MS_PER_SECOND * costs.macs as f64 / rate)
    }

    fn error_percent(&self, _device: &Device) -> Option<f64> {
        None
    }

    fn note(&self, _device: &Device) -> Text {
        Text::new(
            "From the stated peak rate; real networks reach 2 to 80 times less.",
            "A partir de la velocidad máxima declarada; las redes reales alcanzan de 2 a 80 veces menos.",
        )
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use crate::{Estimate, Method, NetworkCosts, device, estimates};

    #[test]
    fn time_is_operations_by_rate_and_energy_power_by_time() {
        let text = r#"{"input": [1,10,10], "layers": [{"op":"dense","out_features":200,"bias":false},{"op":"relu"}]}"#;
        let costs = NetworkCosts::of(&Network::from_json(text).unwrap().resolve().unwrap()).unwrap();
        // 20,000 MACs are 40,000 operations, at 4 million a second.
        let Estimate { device: id, method, latency_ms, energy_mj, error_percent, .. } =
            estimates(&costs, device("arduino-uno").unwrap(), &[])[0];
        assert_eq!(
            (id, method, latency_ms, energy_mj, error_percent),
            ("arduino-uno", Method::StatedPeak, 10.0, Some(0.01), None)
        );
        let gpu = &estimates(&costs, device("gtx-1080-ti").unwrap(), &[])[0];
        assert_eq!((gpu.latency_ms, gpu.energy_mj), (4e-6, Some(1e-3)));
    }
}
