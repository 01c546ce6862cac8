//! The blocks that networks for small hardware are made of, one file each, as methods of
//! [`NetworkBuilder`](crate::NetworkBuilder).

mod basic_residual;
mod fire;
mod inverted_residual;
mod mobile_vit;
mod separable;
mod squeeze_excite;
mod transformer;

pub use basic_residual::BasicResidual;
pub use fire::{Bypass, Fire};
pub use inverted_residual::InvertedResidual;
pub use mobile_vit::MobileVit;
pub use separable::Separable;
pub use squeeze_excite::SqueezeExcite;
pub use transformer::Transformer;
