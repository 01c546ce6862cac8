//! Vector registers, as wide as the host has them.
//!
//! The kernels are compiled once for each [`Level`] of x86-64 and the host's widest is chosen at run time;
//! every other architecture has the baseline alone, and nothing to choose. No level changes a bit: lanes run
//! over outputs, and products are rounded before they are added.

mod exp;
mod register;
mod strided;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use register::{Array, LANES_MAX, Pair, Register};
pub(crate) use strided::{Strided, StridedMut};

/// Registers of 128 bits that need no asking; on an architecture without a module the compiler finds them.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
type Bits128 = wasm::Simd128;
#[cfg(target_arch = "x86_64")]
type Bits128 = x86::Sse;
#[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
type Bits128 = Array<4>;

/// What the kernels may ask of the host's vector unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every host has: 128 bits, SSE2 natively and simd128 in WebAssembly.
    Baseline,
    /// 256 bits.
    Avx2,
    /// 512 bits, and twice the number of registers: AVX-512 with F, VL, DQ and BW.
    Avx512,
}

impl Level {
    /// All levels of this host, the narrowest first.
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Baseline, Self::Avx2, Self::Avx512].into_iter().filter(|&level| level <= Self::widest())
    }

    /// The level that the kernels use: the widest, unless [`with_level`] asks for another.
    #[must_use]
    pub fn current() -> Self {
        #[cfg(target_arch = "x86_64")]
        let level = x86::current();
        #[cfg(not(target_arch = "x86_64"))]
        let level = Self::Baseline;
        level
    }

    fn widest() -> Self {
        #[cfg(target_arch = "x86_64")]
        let level = x86::widest();
        #[cfg(not(target_arch = "x86_64"))]
        let level = Self::Baseline;
        level
    }
}

/// Runs the body with the kernels of this thread at `level`: for tests, which compare the levels' bits, and
/// for benchmarks.
///
/// # Panics
/// When the level is not among [`Level::available`].
pub fn with_level<R>(level: Level, body: impl FnOnce() -> R) -> R {
    assert!(level <= Level::widest(), "{level:?} is not available on this host");
    #[cfg(target_arch = "x86_64")]
    let _restore = x86::force(level);
    body()
}

/// A level that is known to be available, and its registers.
pub(crate) trait Simd: Copy {
    const LEVEL: Level;
    type X4: Register;
    type X8: Register;
    type X16: Register;
    type X32: Register;

    fn x4(self) -> Self::X4;
    fn x8(self) -> Self::X8;
    fn x16(self) -> Self::X16;
    fn x32(self) -> Self::X32;

    /// Lanes of two registers.
    #[inline(always)]
    fn lanes(self) -> usize {
        match Self::LEVEL {
            Level::Baseline => 8,
            Level::Avx2 => 16,
            Level::Avx512 => 32,
        }
    }

    /// Calls the body, compiled for this level as far as it is inlined, as a function of its own.
    fn run<R>(self, body: impl FnOnce() -> R) -> R;
}

/// What needs no asking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Baseline;

impl Simd for Baseline {
    const LEVEL: Level = Level::Baseline;
    type X4 = Bits128;
    type X8 = Pair<Bits128>;
    type X16 = Pair<Pair<Bits128>>;
    type X32 = Pair<Pair<Pair<Bits128>>>;

    fn x4(self) -> Self::X4 {
        Self::X4::default()
    }

    fn x8(self) -> Self::X8 {
        Pair(self.x4())
    }

    fn x16(self) -> Self::X16 {
        Pair(self.x8())
    }

    fn x32(self) -> Self::X32 {
        Pair(self.x16())
    }

    #[inline(never)]
    fn run<R>(self, body: impl FnOnce() -> R) -> R {
        body()
    }
}

/// A level as the type that its kernels are compiled for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Host {
    Baseline(Baseline),
    #[cfg(target_arch = "x86_64")]
    Avx2(x86::Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(x86::Avx512),
}

/// The current level.
#[inline]
pub(crate) fn host() -> Host {
    #[cfg(target_arch = "x86_64")]
    let host = x86::host();
    #[cfg(not(target_arch = "x86_64"))]
    let host = Host::Baseline(Baseline);
    host
}

/// Runs the body with `$simd` the [`Simd`] of the current level.
macro_rules! dispatch {
    (|$simd:ident| $body:expr) => {
        match $crate::simd::host() {
            $crate::simd::Host::Baseline($simd) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::simd::Host::Avx2($simd) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::simd::Host::Avx512($simd) => $body,
        }
    };
}
pub(crate) use dispatch;

/// Compiles the body for each level and runs the current one, with `$simd`, where asked for, its [`Simd`].
/// What the body calls is compiled for the level only if it is inlined: mark it `#[inline(always)]`.
macro_rules! vectorize {
    (|$simd:ident| $body:expr) => {
        $crate::simd::dispatch!(|$simd| $crate::simd::Simd::run(
            $simd,
            #[inline(always)]
            || $body
        ))
    };
    ($body:expr) => {
        $crate::simd::vectorize!(|simd| $body)
    };
}
pub(crate) use vectorize;
