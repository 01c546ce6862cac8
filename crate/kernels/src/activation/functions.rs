//! The functions, each with its paper.

use core::f32::consts::FRAC_1_SQRT_2;

use super::{Activation, Reads};
use crate::error::ShapeError;

/// max(x, 0) (Nair and Hinton 2010, "Rectified Linear Units Improve Restricted Boltzmann Machines"): −0
/// becomes +0, NaN stays. The slope at 0 is 0. The bits are those of [`crate::relu_forward`] and
/// [`crate::relu_backward`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu;

impl Activation for Relu {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        if x <= 0.0 { 0.0 } else { x }
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        if read <= 0.0 { 0.0 } else { 1.0 }
    }

    #[inline(always)]
    fn gradient(&self, read: f32, dy: f32) -> f32 {
        if read <= 0.0 { 0.0 } else { dy }
    }
}

/// min(max(x, 0), 6) (Krizhevsky 2010, "Convolutional Deep Belief Networks on CIFAR-10"; Sandler et al. 2018,
/// "`MobileNetV2`"). The slope at 0 and at 6 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relu6;

impl Activation for Relu6 {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        clip6(x)
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        self.gradient(read, 1.0)
    }

    #[inline(always)]
    fn gradient(&self, read: f32, dy: f32) -> f32 {
        let dy = if read <= 0.0 { 0.0 } else { dy };
        if read >= 6.0 { 0.0 } else { dy }
    }
}

/// x where x > 0, else slope · x (Maas et al. 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic
/// Models"). The slope at 0 is the negative one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    negative_slope: f32,
}

impl LeakyRelu {
    /// `negative_slope` is 0.01 by default in PyTorch. It must not be negative: the sign of the output tells
    /// that of the input.
    ///
    /// # Errors
    /// A slope that is negative or not finite.
    pub fn new(negative_slope: f32) -> Result<Self, ShapeError> {
        if !(negative_slope >= 0.0 && negative_slope.is_finite()) {
            return Err(ShapeError::OutOfRange {
                what: "the negative slope",
                value: negative_slope.to_string(),
                range: "at least 0 and finite",
            });
        }
        Ok(Self { negative_slope })
    }
}

impl Activation for LeakyRelu {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        if x > 0.0 { x } else { x * self.negative_slope }
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        if read > 0.0 { 1.0 } else { self.negative_slope }
    }
}

/// x · σ(x), also called swish (Elfwing et al. 2018, "Sigmoid-Weighted Linear Units"; Ramachandran et al. 2017,
/// "Searching for Activation Functions"), computed as x / (1 + e^−x).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silu;

impl Activation for Silu {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        x / (1.0 + libm::expf(-x))
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        let sigmoid = Sigmoid.value(read);
        sigmoid * (1.0 + read * (1.0 - sigmoid))
    }
}

/// x · Φ(x), exact: ½ · x · (1 + erf(x / √2)) (Hendrycks and Gimpel 2016, "Gaussian Error Linear Units").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gelu;

/// 1 / √(2π), the standard normal density at 0.
const NORMAL_DENSITY_AT_0: f32 = 0.398_942_3;

impl Gelu {
    /// Φ(x), the standard normal distribution.
    #[inline(always)]
    fn distribution(x: f32) -> f32 {
        0.5 * (1.0 + libm::erff(x * FRAC_1_SQRT_2))
    }
}

impl Activation for Gelu {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        x * Self::distribution(x)
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        let density = NORMAL_DENSITY_AT_0 * libm::expf(-0.5 * read * read);
        Self::distribution(read) + read * density
    }
}

/// x · hard-sigmoid(x) (Howard et al. 2019, "Searching for `MobileNetV3`"). The slope is 0 at −3 and 1 at 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HardSwish;

impl Activation for HardSwish {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        x * HardSigmoid.value(x)
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        let inside = if read <= -3.0 { 0.0 } else { read / 3.0 + 0.5 };
        if read >= 3.0 { 1.0 } else { inside }
    }
}

/// min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, "Searching for `MobileNetV3`"). The slope at −3 and at 3 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HardSigmoid;

impl Activation for HardSigmoid {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        clip6(x + 3.0) / 6.0
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        let inside = if read <= 0.0 { 0.0 } else { 1.0 / 6.0 };
        if read >= 1.0 { 0.0 } else { inside }
    }
}

/// The logistic function 1 / (1 + e^−x).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sigmoid;

impl Activation for Sigmoid {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        1.0 / (1.0 + libm::expf(-x))
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        read * (1.0 - read)
    }
}

/// The hyperbolic tangent (`LeCun` et al. 1998, "Efficient `BackProp`", section 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tanh;

impl Activation for Tanh {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn value(&self, x: f32) -> f32 {
        libm::tanhf(x)
    }

    #[inline(always)]
    fn slope(&self, read: f32) -> f32 {
        1.0 - read * read
    }
}

/// min(max(x, 0), 6): −0 becomes +0, NaN stays.
#[inline(always)]
fn clip6(x: f32) -> f32 {
    let x = if x <= 0.0 { 0.0 } else { x };
    if x >= 6.0 { 6.0 } else { x }
}
