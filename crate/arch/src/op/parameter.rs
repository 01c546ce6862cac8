//! Parameter tensors of the operators.

use smallvec::SmallVec;

/// What a parameter is for; it decides how it is initialised and whether it decays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterRole {
    /// Weights of a convolution or a fully connected layer.
    Weight,
    /// Bias of the same.
    Bias,
    /// Scale of a normalisation (γ).
    Scale,
    /// Shift of a normalisation (β).
    Shift,
    /// Logits (α) of the weights by which a mixture sums: one for each input or kernel size.
    Mixture,
    /// Running mean of a normalisation: not trained.
    RunningMean,
    /// Running variance of a normalisation: not trained.
    RunningVariance,
}

impl ParameterRole {
    /// Last part of the parameter's path, as in `PyTorch`.
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Weight | Self::Scale => "weight",
            Self::Bias | Self::Shift => "bias",
            Self::Mixture => "alpha",
            Self::RunningMean => "running_mean",
            Self::RunningVariance => "running_var",
        }
    }

    /// Whether gradients change it.
    #[must_use]
    pub const fn is_trainable(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }
}

/// One parameter tensor of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it is for.
    pub role: ParameterRole,
    /// Its shape in `PyTorch`'s order: `[out, in / groups, kernel height, kernel width]`, `[out, in]`,
    /// `[channels]`, or `[inputs]` of a mixture.
    pub shape: SmallVec<[u32; 4]>,
}

/// The parameters of one operator: no more than a batch normalisation has.
pub type Parameters = SmallVec<[Parameter; 4]>;

impl Parameter {
    /// Number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&size| u64::from(size)).product()
    }

    /// Number of inputs that each output sums: what initialisers scale by.
    #[must_use]
    pub fn fan_in(&self) -> u64 {
        self.shape.iter().skip(1).map(|&size| u64::from(size)).product()
    }
}
