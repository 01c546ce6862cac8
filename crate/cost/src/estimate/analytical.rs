use nas_member::Text;

use crate::{Device, Estimator, Method, NetworkCosts};

/// The device's [`crate::Timing`]: cycles of each step, or a roofline, with figures fitted on measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnalyticalEstimator;

impl Estimator for AnalyticalEstimator {
    fn method(&self) -> Method {
        Method::Analytical
    }

    fn latency_ms(&self, costs: &NetworkCosts, device: &Device) -> Option<f64> {
        device.timing.as_ref().map(|timing| timing.latency_ms(&costs.steps))
    }

    fn error_percent(&self, device: &Device) -> Option<f64> {
        Some(device.timing.as_ref()?.error?.percent)
    }

    fn note(&self, device: &Device) -> Text {
        device.timing.as_ref().map_or(
            Text::new("Nothing is known of this device.", "No se sabe nada de este dispositivo."),
            |timing| timing.basis,
        )
    }
}
