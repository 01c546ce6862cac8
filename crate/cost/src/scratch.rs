use nas_arch::Pair;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Memory, NetworkCosts, OperatorKind, StepWork};

const INT16_BYTES: u64 = 2;
const INT32_BYTES: u64 = 4;

/// A library of int8 kernels, as far as it takes memory beside the activations.
///
/// Sources: `*_get_buffer_size` of `ARM-software/CMSIS-NN`, which TensorFlow Lite Micro asks for its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
#[ts(export)]
pub enum Runtime {
    /// CMSIS-NN on a core without SIMD instructions (Cortex-M0, M0+, M3): a convolution unrolls two columns to int16.
    CmsisNn,
    /// CMSIS-NN on a core with them (Cortex-M4, M7, M33): depth-wise convolutions and average pools take memory too.
    CmsisNnDsp,
    /// The interpreter whose files are counted as flash: a convolution copies one column of int8.
    Column,
}

impl Runtime {
    /// Bytes that the kernel of a step needs while it runs.
    #[must_use]
    pub fn scratch_bytes(self, step: &StepWork) -> u64 {
        let channels = u64::from(step.input.channels);
        let column = step.points() * channels;
        let is_dsp = self == Self::CmsisNnDsp;
        match (self, step.kind) {
            (Self::Column, OperatorKind::Conv) => column,
            (Self::CmsisNn | Self::CmsisNnDsp, OperatorKind::Conv) => {
                2 * column.next_multiple_of(4) * INT16_BYTES
            }
            // A special kernel for 3×3 needs none, nor does the plain one for what the fast one does not take.
            (_, OperatorKind::Depthwise) if is_dsp => {
                let is_plain = step.input.channels != step.output.channels || step.dilation != Pair::ONE;
                let is_special = step.kernel == Pair::square(3);
                if is_plain || is_special { 0 } else { column * INT16_BYTES }
            }
            (_, OperatorKind::AvgPool) if is_dsp => channels * INT32_BYTES,
            _ => 0,
        }
    }
}

impl NetworkCosts {
    /// Most bytes of RAM at int8 on a device whose kernels are of this library: activations and scratch memory of the step
    /// that runs. Without a library, activations alone.
    #[must_use]
    pub fn peak_ram_bytes(&self, runtime: Option<Runtime>) -> u64 {
        let Memory { peak_ram_bytes, timeline, .. } = &self.memory.int8;
        let Some(runtime) = runtime else { return *peak_ram_bytes };
        let with_scratch =
            timeline.iter().zip(&self.steps).map(|(moment, step)| moment.bytes + runtime.scratch_bytes(step));
        with_scratch.fold(*peak_ram_bytes, u64::max)
    }
}

#[cfg(test)]
mod tests {
    use nas_arch::Network;

    use super::*;

    fn costs(input: &str, layers: &str) -> NetworkCosts {
        let text = format!(r#"{{"input": {input}, "layers": [{layers}]}}"#);
        NetworkCosts::of(&Network::from_json(&text).unwrap().resolve().unwrap()).unwrap()
    }

    #[test]
    fn scratch_is_what_the_kernels_ask_for() {
        // (layer on 6×8×8, without SIMD, with SIMD, one column)
        let cases = [
            // 54 points, rounded up to 56, twice as int16.
            (r#"{"op":"conv2d","out_channels":4,"kernel":3}"#, 224, 224, 54),
            (r#"{"op":"conv2d","out_channels":4,"kernel":1}"#, 0, 0, 0),
            (r#"{"op":"conv2d","out_channels":6,"kernel":3,"groups":6}"#, 0, 0, 0),
            (r#"{"op":"conv2d","out_channels":6,"kernel":5,"groups":6}"#, 0, 300, 0),
            // The plain kernel: more outputs than inputs, or gaps.
            (r#"{"op":"conv2d","out_channels":12,"kernel":5,"groups":6}"#, 0, 0, 0),
            (r#"{"op":"conv2d","out_channels":6,"kernel":5,"groups":6,"dilation":2}"#, 0, 0, 0),
            (r#"{"op":"avg-pool","kernel":2}"#, 0, 24, 0),
            (r#"{"op":"max-pool","kernel":2}"#, 0, 0, 0),
            (r#"{"op":"dense","out_features":10}"#, 0, 0, 0),
        ];
        for (layer, plain, dsp, column) in cases {
            let step = costs("[6,8,8]", layer).steps[0];
            let bytes = [Runtime::CmsisNn, Runtime::CmsisNnDsp, Runtime::Column]
                .map(|runtime| runtime.scratch_bytes(&step));
            assert_eq!(bytes, [plain, dsp, column], "{layer}");
        }
    }

    #[test]
    fn scratch_counts_while_its_step_runs() {
        // 64 + 256 during the convolution with 9 of scratch; the dense layer holds more and needs none.
        let layers = r#"{"op":"conv2d","out_channels":4,"kernel":3},{"op":"dense","out_features":90}"#;
        let costs = costs("[1,8,8]", layers);
        assert_eq!(costs.peak_ram_bytes(None), 346);
        assert_eq!(costs.peak_ram_bytes(Some(Runtime::Column)), 346);
        // 2 · 12 · 2 bytes.
        assert_eq!(costs.peak_ram_bytes(Some(Runtime::CmsisNn)), 368);
    }
}
