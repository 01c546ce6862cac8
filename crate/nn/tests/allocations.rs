//! Nothing is allocated while a training goes on, and nothing is left when it is gone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nas_arch::{Network, Optimizer, Recipe, Schedule};
use nas_nn::{Event, SampleSizes, Samples, Seeds, Split, Trainer};
use nas_numerics::sha256;

thread_local! {
    static ALLOCATIONS: Cell<u32> = const { Cell::new(0) };
    /// Bytes allocated and not freed.
    static LIVE_BYTES: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

#[expect(unsafe_code, reason = "a global allocator cannot be written without")]
// Safety: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        LIVE_BYTES.set(LIVE_BYTES.get() + layout.size());
        // Safety: as the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // What another thread has allocated is not counted.
        LIVE_BYTES.set(LIVE_BYTES.get().saturating_sub(layout.size()));
        // Safety: as the caller's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Ramps;

impl Samples for Ramps {
    fn sizes(&self) -> SampleSizes {
        SampleSizes { image: [1, 6, 6].into(), classes: 2, train: 20, validation: 7, test: 5 }
    }

    fn fill(&self, _split: Split, indices: &[u32], images: &mut [f32], labels: &mut [u32]) {
        for ((&index, image), label) in indices.iter().zip(images.chunks_exact_mut(36)).zip(labels) {
            *label = index % 2;
            for (pixel, value) in image.iter_mut().enumerate() {
                *value = if *label == 0 { pixel / 6 } else { pixel % 6 } as f32 / 6.0;
            }
        }
    }
}

const EVERY_OPERATOR: &str = r#"{"input": [1, 6, 6], "layers": [
    {"name": "conv", "op": "conv2d", "out_channels": 4, "kernel": 3},
    {"name": "norm", "op": "batch-norm"},
    {"name": "relu", "op": "relu"},
    {"name": "depthwise", "op": "conv2d", "out_channels": 4, "kernel": 3, "groups": 4},
    {"name": "sum", "op": "add", "inputs": ["relu", "depthwise"]},
    {"name": "identity", "op": "identity"},
    {"name": "both", "op": "concat", "inputs": ["identity", "relu"]},
    {"name": "max", "op": "max-pool", "kernel": 2},
    {"name": "average", "op": "avg-pool", "kernel": 2, "stride": 1},
    {"name": "meta", "op": "meta-conv2d", "sizes": [1, 3], "out_channels": 12},
    {"name": "leaky", "op": "leaky-relu"},
    {"name": "attention", "op": "attention", "heads": 2},
    {"name": "layer-norm", "op": "layer-norm"},
    {"name": "silu", "op": "silu"},
    {"name": "gelu", "op": "gelu"},
    {"name": "hard-swish", "op": "hard-swish"},
    {"name": "relu6", "op": "relu6"},
    {"name": "shuffle", "op": "channel-shuffle", "groups": 2},
    {"name": "up", "op": "upsample"},
    {"name": "down", "op": "downsample"},
    {"name": "dropout", "op": "dropout", "probability": 0.1},
    {"name": "zero", "op": "zero"},
    {"name": "mixture", "op": "mixture", "inputs": ["dropout", "zero", "down"]},
    {"name": "tanh", "op": "tanh"},
    {"name": "pooled", "op": "global-avg-pool"},
    {"name": "gate", "op": "sigmoid"},
    {"name": "scaled", "op": "multiply", "inputs": ["tanh", "gate"]},
    {"name": "hard-sigmoid", "op": "hard-sigmoid"},
    {"name": "mean", "op": "global-avg-pool"},
    {"name": "head", "op": "dense", "out_features": 2}
]}"#;

fn trainer(optimizer: Optimizer) -> Trainer {
    let graph = Network::from_json(EVERY_OPERATOR).unwrap().resolve().unwrap();
    let recipe = Recipe {
        batch_size: 8,
        optimizer,
        learning_rate: 0.01,
        warmup_epochs: 1.0,
        horizon_epochs: 2,
        label_smoothing: 0.1,
        schedule: Schedule::Cosine,
        clip_norm: Some(1.0),
    };
    let seeds = Seeds { key: sha256(b"key"), run_seed: 1, replicate: 0 };
    let mut trainer = Trainer::new(&graph, &recipe, seeds, Ramps.sizes(), 1 << 24).unwrap();
    trainer.train_to(2).unwrap();
    trainer
}

#[test]
fn a_training_allocates_nothing() {
    let sgd = Optimizer::Sgd { momentum: 0.9, nesterov: true, weight_decay: 0.01 };
    for optimizer in [sgd, Optimizer::adam_w()] {
        let mut trainer = trainer(optimizer);
        let before = ALLOCATIONS.get();
        assert!(before > 0, "the allocator counts");
        while trainer.step(&Ramps, 1000).event != Some(Event::Finished) {}
        trainer.evaluate(Split::Test).unwrap();
        assert!(matches!(trainer.step(&Ramps, u64::MAX).event, Some(Event::Evaluated { .. })));
        assert_eq!(ALLOCATIONS.get() - before, 0);
    }
}

/// Makes a trainer, trains a little (to the end of an epoch in every tenth cycle) and frees it, so many times.
fn create_train_free(cycles: u32) {
    let before = LIVE_BYTES.get();
    for cycle in 0..cycles {
        let mut trainer = trainer(Optimizer::adam_w());
        assert!(LIVE_BYTES.get() as u64 >= before as u64 + trainer.memory_bytes(), "the allocator counts");
        let macs = if cycle % 10 == 0 { u64::MAX } else { 100_000 };
        trainer.step(&Ramps, macs);
        drop(trainer);
        assert_eq!(LIVE_BYTES.get(), before, "cycle {cycle}");
    }
}

#[test]
fn a_freed_trainer_leaves_nothing() {
    create_train_free(200);
}

#[test]
#[ignore = "takes seconds: npm run soak"]
fn ten_thousand_freed_trainers_leave_nothing() {
    create_train_free(10_000);
}
