//! Softmax and cross-entropy in one, the loss of classification.
//!
//! Shapes: `logits`, `probabilities`, `logits_gradient`: `[batch, classes]`, `labels`: `[batch]`.
//!
//! With label smoothing ε (Szegedy et al. 2016, "Rethinking the Inception Architecture") the target is
//! t = (1 − ε)·onehot + ε/classes, the loss −Σ t·log p, averaged over the batch, and its gradient
//! (p − t)/batch.

use crate::check_len;
use crate::error::ShapeError;
use crate::reduce;
use crate::shape::{element_count, require_positive};
use crate::simd::vectorize;

/// Sizes and settings of the loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftmaxCrossEntropy {
    batch: usize,
    classes: usize,
    label_smoothing: f32,
}

/// What the forward pass of a batch yields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Loss, averaged over the batch.
    pub mean: f32,
    /// Images whose largest logit is that of their label; the first one wins a tie. An image with a NaN among
    /// its logits is never correct.
    pub correct: u32,
}

impl SoftmaxCrossEntropy {
    /// The loss of `batch` images over `classes` classes; `label_smoothing` is the ε above, 0 for none.
    ///
    /// # Errors
    /// A size of 0, a tensor that is too large, or smoothing outside 0 ≤ ε < 1.
    pub fn new(batch: usize, classes: usize, label_smoothing: f32) -> Result<Self, ShapeError> {
        require_positive("the batch", batch)?;
        require_positive("the number of classes", classes)?;
        element_count("the logits", &[batch, classes])?;
        if !(0.0..1.0).contains(&label_smoothing) {
            return Err(ShapeError::OutOfRange {
                what: "the label smoothing",
                value: label_smoothing.to_string(),
                range: "at least 0 and less than 1",
            });
        }
        Ok(Self { batch, classes, label_smoothing })
    }

    /// Elements of `logits`, `probabilities` and `logits_gradient`.
    #[must_use]
    pub fn logits_len(&self) -> usize {
        self.batch * self.classes
    }

    /// Elements of `scratch`: one loss for each image.
    #[must_use]
    pub fn scratch_len(&self) -> usize {
        self.batch
    }

    fn check(&self, logits_len: usize, labels: &[u32], other_len: usize) {
        check_len("logits", logits_len, self.logits_len());
        check_len("probabilities", other_len, self.logits_len());
        check_len("labels", labels.len(), self.batch);
        if let Some(label) = labels.iter().find(|&&label| label as usize >= self.classes) {
            panic!("label {label} is not one of {} classes", self.classes);
        }
    }
}

/// Writes the softmax of each row and returns the mean loss and the number of correct predictions.
///
/// # Shapes
/// `logits`, `probabilities`: `[batch, classes]`; `labels`: `[batch]`, each less than `classes`;
/// `scratch`: at least [`SoftmaxCrossEntropy::scratch_len`].
///
/// # Panics
/// When a slice does not have its shape's length, or a label is out of range.
pub fn softmax_cross_entropy_forward(
    options: &SoftmaxCrossEntropy,
    logits: &[f32],
    labels: &[u32],
    probabilities: &mut [f32],
    scratch: &mut [f32],
) -> Loss {
    options.check(logits.len(), labels, probabilities.len());
    let losses = crate::take_scratch(scratch, options.scratch_len());
    let classes = options.classes;
    let smoothing = options.label_smoothing;
    let mut correct = 0;
    let rows = logits.chunks_exact(classes).zip(probabilities.chunks_exact_mut(classes));
    for (((row, probability), &label), loss) in rows.zip(labels).zip(losses.iter_mut()) {
        let label = label as usize;
        let (best, largest) = largest_logit(row);
        correct += u32::from(best == Some(label));
        // Until the end of this iteration the row holds log p, whose sum label smoothing needs.
        for (p, &logit) in probability.iter_mut().zip(row) {
            *p = libm::expf(logit - largest);
        }
        let log_sum = libm::logf(reduce::sum(probability));
        for (p, &logit) in probability.iter_mut().zip(row) {
            *p = (logit - largest) - log_sum;
        }
        let mean_log = reduce::sum(probability) / classes as f32;
        *loss = -((1.0 - smoothing) * probability[label] + smoothing * mean_log);
        for p in probability.iter_mut() {
            *p = libm::expf(*p);
        }
    }
    Loss { mean: reduce::sum(losses) / options.batch as f32, correct }
}

/// Adds the gradient of the mean loss with respect to the logits.
///
/// # Shapes
/// `probabilities`, `logits_gradient`: `[batch, classes]`; `labels`: `[batch]`.
///
/// # Panics
/// When a slice does not have its shape's length, or a label is out of range.
pub fn softmax_cross_entropy_backward(
    options: &SoftmaxCrossEntropy,
    probabilities: &[f32],
    labels: &[u32],
    logits_gradient: &mut [f32],
) {
    options.check(logits_gradient.len(), labels, probabilities.len());
    let classes = options.classes;
    let smoothing = options.label_smoothing;
    let elsewhere = smoothing / classes as f32;
    let at_label = 1.0 - smoothing + elsewhere;
    let batch = options.batch as f32;
    let rows = probabilities.chunks_exact(classes).zip(logits_gradient.chunks_exact_mut(classes));
    vectorize!(for ((probability, gradient), &label) in rows.zip(labels) {
        for (class, (dz, &p)) in gradient.iter_mut().zip(probability).enumerate() {
            let target = if class == label as usize { at_label } else { elsewhere };
            *dz += (p - target) / batch;
        }
    });
}

/// Index and value of the first largest logit; no index when there is a NaN, whose row then becomes NaN.
fn largest_logit(row: &[f32]) -> (Option<usize>, f32) {
    let mut best = (0, row[0]);
    for (class, &logit) in row.iter().enumerate() {
        if logit.is_nan() {
            return (None, logit);
        }
        if logit > best.1 {
            best = (class, logit);
        }
    }
    (Some(best.0), best.1)
}
