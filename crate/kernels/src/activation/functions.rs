//! The functions, each with its paper.

use core::f32::consts::FRAC_1_SQRT_2;

use super::{Activation, Reads};
use crate::error::ShapeError;
use crate::simd::Register;

/// max(x, 0) (Nair and Hinton 2010, "Rectified Linear Units Improve Restricted Boltzmann Machines"): −0
/// becomes +0, NaN stays. The slope at 0 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relu;

impl Activation for Relu {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        let zero = register.splat(0.0);
        register.select_at_most(x, zero, zero, x)
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let zero = register.splat(0.0);
        register.select_at_most(read, zero, zero, dy)
    }
}

/// min(max(x, 0), 6) (Krizhevsky 2010, "Convolutional Deep Belief Networks on CIFAR-10"; Sandler et al. 2018,
/// "`MobileNetV2`"). The slope at 0 and at 6 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Relu6;

impl Activation for Relu6 {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        clip6(register, x)
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let (zero, six) = (register.splat(0.0), register.splat(6.0));
        let dy = register.select_at_most(read, zero, zero, dy);
        register.select_at_most(six, read, zero, dy)
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
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        let scaled = register.multiply(x, register.splat(self.negative_slope));
        register.select_at_most(x, register.splat(0.0), scaled, x)
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let scaled = register.multiply(dy, register.splat(self.negative_slope));
        register.select_at_most(read, register.splat(0.0), scaled, dy)
    }
}

/// x · σ(x), also called swish (Elfwing et al. 2018, "Sigmoid-Weighted Linear Units"; Ramachandran et al. 2017,
/// "Searching for Activation Functions"), computed as x / (1 + e^−x).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Silu;

impl Activation for Silu {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        register.divide(x, one_plus_exp_of_minus(register, x))
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let one = register.splat(1.0);
        let sigmoid = Sigmoid.values(register, read);
        let slope = register.add_product(one, read, register.subtract(one, sigmoid));
        register.multiply(dy, register.multiply(sigmoid, slope))
    }
}

/// x · Φ(x), exact: ½ · x · (1 + erf(x / √2)) (Hendrycks and Gimpel 2016, "Gaussian Error Linear Units").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gelu;

/// 1 / √(2π), the standard normal density at 0.
const NORMAL_DENSITY_AT_0: f32 = 0.398_942_3;

impl Gelu {
    /// Φ(x), the standard normal distribution.
    #[inline(always)]
    fn distribution(x: f32) -> f32 {
        0.5 * (1.0 + libm::erff(x * FRAC_1_SQRT_2))
    }
}

impl Gelu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x * Self::distribution(x)
    }

    #[inline(always)]
    fn slope(read: f32) -> f32 {
        let density = NORMAL_DENSITY_AT_0 * libm::expf(-0.5 * read * read);
        Self::distribution(read) + read * density
    }
}

impl Activation for Gelu {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        register.map(x, Self::value)
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        register.multiply(dy, register.map(read, Self::slope))
    }
}

/// x · hard-sigmoid(x) (Howard et al. 2019, "Searching for `MobileNetV3`"). The slope is 0 at −3 and 1 at 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HardSwish;

impl Activation for HardSwish {
    const READS: Reads = Reads::Input;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        register.multiply(x, HardSigmoid.values(register, x))
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let (zero, one) = (register.splat(0.0), register.splat(1.0));
        let (low, high) = (register.splat(-3.0), register.splat(3.0));
        let inside = register.add_product(register.splat(0.5), read, register.splat(1.0 / 3.0));
        let slope = register.select_at_most(read, low, zero, inside);
        register.multiply(dy, register.select_at_most(high, read, one, slope))
    }
}

/// min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, "Searching for `MobileNetV3`"). The slope at −3 and at 3 is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HardSigmoid;

impl Activation for HardSigmoid {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        let shifted = register.add(x, register.splat(3.0));
        register.multiply(clip6(register, shifted), register.splat(1.0 / 6.0))
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let (zero, one) = (register.splat(0.0), register.splat(1.0));
        let inside = register.multiply(dy, register.splat(1.0 / 6.0));
        let dy = register.select_at_most(read, zero, zero, inside);
        register.select_at_most(one, read, zero, dy)
    }
}

/// The logistic function 1 / (1 + e^−x).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sigmoid;

/// 1 + e^−x.
#[inline(always)]
fn one_plus_exp_of_minus<R: Register>(register: R, x: R::Vector) -> R::Vector {
    register.add(register.splat(1.0), register.exp(register.subtract(register.splat(0.0), x)))
}

impl Activation for Sigmoid {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        register.divide(register.splat(1.0), one_plus_exp_of_minus(register, x))
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        let slope = register.multiply(read, register.subtract(register.splat(1.0), read));
        register.multiply(dy, slope)
    }
}

/// The hyperbolic tangent (`LeCun` et al. 1998, "Efficient `BackProp`", section 4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tanh;

impl Tanh {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        libm::tanhf(x)
    }

    #[inline(always)]
    fn slope(read: f32) -> f32 {
        1.0 - read * read
    }
}

impl Activation for Tanh {
    const READS: Reads = Reads::Output;

    #[inline(always)]
    fn values<R: Register>(&self, register: R, x: R::Vector) -> R::Vector {
        register.map(x, Self::value)
    }

    #[inline(always)]
    fn gradients<R: Register>(&self, register: R, read: R::Vector, dy: R::Vector) -> R::Vector {
        register.multiply(dy, register.map(read, Self::slope))
    }
}

/// min(max(x, 0), 6): −0 becomes +0, NaN stays.
#[inline(always)]
fn clip6<R: Register>(register: R, x: R::Vector) -> R::Vector {
    let (zero, six) = (register.splat(0.0), register.splat(6.0));
    let x = register.select_at_most(x, zero, zero, x);
    register.select_at_most(six, x, six, x)
}
