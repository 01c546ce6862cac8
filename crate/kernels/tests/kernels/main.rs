//! Each operator: a case worked by hand, PyTorch's goldens, finite differences, and self-consistency.

mod activation;
mod attention;
mod batch_norm;
mod bits;
mod clip;
mod conv2d;
mod dense;
mod dropout;
mod element_wise;
mod layer_norm;
mod levels;
mod loss;
mod mixture;
mod multiply;
mod optimizers;
mod pool;
mod rearrange;
mod reduce;
mod reference;
mod shapes;
mod shares;
mod support;
