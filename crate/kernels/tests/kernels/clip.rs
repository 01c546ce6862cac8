//! Clipping by norm. Whole trainings with it are compared with `PyTorch`'s in `nas_nn`.

use nas_kernels::clip_by_norm;

#[test]
fn a_case_by_hand() {
    let mut gradients = [3.0, 0.0, -4.0];
    assert_eq!(clip_by_norm(&mut gradients, 10.0), 5.0);
    assert_eq!(gradients, [3.0, 0.0, -4.0]);
    assert_eq!(clip_by_norm(&mut gradients, 1.0), 5.0);
    let factor = 1.0 / (5.0 + 1e-6);
    assert_eq!(gradients, [3.0 * factor, 0.0, -4.0 * factor]);
}

#[test]
fn nothing_and_no_number() {
    assert_eq!(clip_by_norm(&mut [], 1.0), 0.0);
    let mut zeros = [0.0; 20];
    assert_eq!(clip_by_norm(&mut zeros, 1.0), 0.0);
    assert_eq!(zeros, [0.0; 20]);
    let mut gradients = [1.0, f32::NAN];
    assert!(clip_by_norm(&mut gradients, 1.0).is_nan());
    assert!(gradients.iter().all(|gradient| gradient.is_nan()));
    let mut gradients = [f32::MAX, 1.0];
    assert_eq!(clip_by_norm(&mut gradients, 1.0), f32::INFINITY);
    assert_eq!(gradients, [0.0, 0.0]);
}
