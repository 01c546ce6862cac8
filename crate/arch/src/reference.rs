//! Networks that have a name of their own: `ref:digits-tiny`.

mod mlperf_tiny;
mod mobilenet;
mod mobilevit;
mod nas_bench_201;
mod squeezenet;
mod tiny;

use nas_member::Text;

use crate::{Dense, Network, NetworkError, Op, Shape};
pub use nas_bench_201::{CellOperator, NasBench201Cell, NasBench201Skeleton};

/// A reference network as lists show it.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    /// Identifier in kebab-case.
    pub id: &'static str,
    /// What it is called.
    pub title: Text,
    /// Shape of one image, unless another is asked for.
    pub input: Shape,
    /// Number of classes, unless another is asked for.
    pub classes: u32,
    source: Source,
}

/// Sizes of a reference network that are not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReferenceSizes {
    /// Channels of an image.
    pub channels: Option<u32>,
    /// Height and width of an image.
    pub resolution: Option<u32>,
    /// Number of classes.
    pub classes: Option<u32>,
}

/// Where a reference network comes from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// A network file.
    File(&'static str),
    /// Blocks, for images and classes.
    Blocks(fn(Shape, u32) -> Result<Network, NetworkError>),
    /// Cells of NAS-Bench-201, of which this is one.
    Cells(&'static str),
}

const fn file(
    id: &'static str,
    title: Text,
    (input, classes): (Shape, u32),
    text: &'static str,
) -> Reference {
    Reference { id, title, input, classes, source: Source::File(text) }
}

const fn blocks(
    id: &'static str,
    title: Text,
    (input, classes): (Shape, u32),
    build: fn(Shape, u32) -> Result<Network, NetworkError>,
) -> Reference {
    Reference { id, title, input, classes, source: Source::Blocks(build) }
}

const DIGITS: (Shape, u32) = (Shape::new(1, 8, 8), 10);
const MNIST: (Shape, u32) = (Shape::new(1, 28, 28), 10);
const CIFAR_10: (Shape, u32) = (Shape::new(3, 32, 32), 10);
const IMAGENET: (Shape, u32) = (Shape::new(3, 224, 224), 1000);
/// Of a second of sound, 49 moments with 10 features each; ten words, silence, and others.
const KEYWORDS: (Shape, u32) = (Shape::new(1, 49, 10), 12);

/// One line for each reference network.
const REGISTRY: [Reference; 20] = [
    file(
        "digits-tiny",
        Text::new("Two convolutions for 8×8 digits", "Dos convoluciones para dígitos de 8×8"),
        DIGITS,
        include_str!("../networks/digits-tiny.json"),
    ),
    file(
        "mnist-fire",
        Text::new("Two Fire modules for 28×28 digits", "Dos módulos Fire para dígitos de 28×28"),
        MNIST,
        include_str!("../networks/mnist-fire.json"),
    ),
    file(
        "lenet-5",
        Text::new(
            "LeNet-5 (LeCun et al. 1998), with ReLU and max pooling as it is built today",
            "LeNet-5 (LeCun et al. 1998), con ReLU y agrupación por máximos, como se construye hoy",
        ),
        MNIST,
        include_str!("../networks/lenet-5.json"),
    ),
    file(
        "mobile-tiny",
        Text::new(
            "Four inverted residuals for 32×32 images (MobileNetV2, Sandler et al. 2018)",
            "Cuatro residuales invertidos para imágenes de 32×32 (MobileNetV2, Sandler et al. 2018)",
        ),
        CIFAR_10,
        include_str!("../networks/mobile-tiny.json"),
    ),
    file(
        "hybrid-tiny",
        Text::new(
            "Inverted residuals and a transformer block for 32×32 images (MobileViT, Mehta and Rastegari 2022)",
            "Residuales invertidos y un bloque transformer para imágenes de 32×32 (MobileViT, Mehta y Rastegari 2022)",
        ),
        CIFAR_10,
        include_str!("../networks/hybrid-tiny.json"),
    ),
    blocks(
        "residual-tiny",
        Text::new(
            "Three basic residual blocks for 28×28 images (ResNet, He et al. 2016)",
            "Tres bloques residuales básicos para imágenes de 28×28 (ResNet, He et al. 2016)",
        ),
        MNIST,
        tiny::residual_tiny,
    ),
    blocks(
        "separable-tiny",
        Text::new(
            "Four separable convolutions for 28×28 images (MobileNetV1, Howard et al. 2017)",
            "Cuatro convoluciones separables para imágenes de 28×28 (MobileNetV1, Howard et al. 2017)",
        ),
        MNIST,
        tiny::separable_tiny,
    ),
    blocks(
        "signal-tiny",
        Text::new(
            "Three separable one-dimensional convolutions for 49 moments of sound with 10 features",
            "Tres convoluciones separables unidimensionales para 49 instantes de sonido con 10 características",
        ),
        KEYWORDS,
        tiny::signal_tiny,
    ),
    blocks(
        "squeezenet-1.0",
        Text::new("SqueezeNet 1.0 (Iandola et al. 2016)", "SqueezeNet 1.0 (Iandola et al. 2016)"),
        IMAGENET,
        squeezenet::squeezenet_1_0,
    ),
    blocks(
        "squeezenet-1.1",
        Text::new(
            "SqueezeNet 1.1, by the authors of 1.0, with less than half its MACs",
            "SqueezeNet 1.1, de los autores de la 1.0, con menos de la mitad de sus MAC",
        ),
        IMAGENET,
        squeezenet::squeezenet_1_1,
    ),
    blocks(
        "mobilenet-v1-1.0",
        Text::new("MobileNetV1 (Howard et al. 2017)", "MobileNetV1 (Howard et al. 2017)"),
        IMAGENET,
        mobilenet::mobilenet_v1_100,
    ),
    blocks(
        "mobilenet-v1-0.25",
        Text::new(
            "MobileNetV1 with a quarter of the channels",
            "MobileNetV1 con la cuarta parte de los canales",
        ),
        IMAGENET,
        mobilenet::mobilenet_v1_25,
    ),
    blocks(
        "mobilenet-v2-1.0",
        Text::new("MobileNetV2 (Sandler et al. 2018)", "MobileNetV2 (Sandler et al. 2018)"),
        IMAGENET,
        mobilenet::mobilenet_v2_100,
    ),
    blocks(
        "mobilenet-v2-0.5",
        Text::new("MobileNetV2 with half the channels", "MobileNetV2 con la mitad de los canales"),
        IMAGENET,
        mobilenet::mobilenet_v2_50,
    ),
    blocks(
        "mobilenet-v2-0.35",
        Text::new("MobileNetV2 with 0.35 of the channels", "MobileNetV2 con 0,35 de los canales"),
        IMAGENET,
        mobilenet::mobilenet_v2_35,
    ),
    blocks(
        "mobilevit-xxs",
        Text::new(
            "MobileViT-XXS for 256×256 images (Mehta and Rastegari 2022)",
            "MobileViT-XXS para imágenes de 256×256 (Mehta y Rastegari 2022)",
        ),
        (Shape::new(3, 256, 256), 1000),
        mobilevit::mobilevit_xxs,
    ),
    blocks(
        "resnet-8",
        Text::new(
            "Image classification of MLPerf Tiny (Banbury et al. 2021): ResNet-8",
            "Clasificación de imágenes de MLPerf Tiny (Banbury et al. 2021): ResNet-8",
        ),
        CIFAR_10,
        mlperf_tiny::resnet_8,
    ),
    blocks(
        "ds-cnn",
        Text::new(
            "Keyword spotting of MLPerf Tiny: DS-CNN (Zhang et al. 2017)",
            "Detección de palabras clave de MLPerf Tiny: DS-CNN (Zhang et al. 2017)",
        ),
        KEYWORDS,
        mlperf_tiny::ds_cnn,
    ),
    blocks(
        "vww-mobilenet",
        Text::new(
            "Visual wake words of MLPerf Tiny: MobileNetV1 0.25 for 96×96 images",
            "Detección de personas de MLPerf Tiny: MobileNetV1 0.25 para imágenes de 96×96",
        ),
        (Shape::new(3, 96, 96), 2),
        mobilenet::vww_mobilenet,
    ),
    Reference {
        id: "nas-bench-201",
        title: Text::new(
            "NAS-Bench-201 (Dong and Yang 2020) with the cell behind a colon, or with 3×3 convolutions only",
            "NAS-Bench-201 (Dong y Yang 2020) con la celda tras dos puntos, o solo con convoluciones de 3×3",
        ),
        input: CIFAR_10.0,
        classes: CIFAR_10.1,
        source: Source::Cells(
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
        ),
    },
];

/// All reference networks.
#[must_use]
pub const fn references() -> &'static [Reference] {
    &REGISTRY
}

/// The reference network of that name: an identifier, for NAS-Bench-201 with a cell behind a colon.
///
/// # Errors
/// If there is none.
pub fn reference(name: &str) -> Result<Network, NetworkError> {
    sized_reference(name, ReferenceSizes::default())
}

/// The reference network of that name in other sizes.
///
/// # Errors
/// If there is none, or it cannot have these sizes.
pub fn sized_reference(name: &str, sizes: ReferenceSizes) -> Result<Network, NetworkError> {
    let (id, cell) = name.split_once(':').map_or((name, None), |(id, cell)| (id, Some(cell)));
    let reference = REGISTRY.iter().find(|reference| reference.id == id).ok_or_else(|| {
        let known = REGISTRY.iter().map(|reference| reference.id).collect::<Vec<_>>().join(", ");
        NetworkError::UnknownReference { id: id.to_owned(), known }
    })?;
    reference.network(cell, sizes)
}

impl Reference {
    fn network(&self, cell: Option<&str>, sizes: ReferenceSizes) -> Result<Network, NetworkError> {
        let Shape { channels, height, width } = self.input;
        let input = Shape {
            channels: sizes.channels.unwrap_or(channels),
            height: sizes.resolution.unwrap_or(height),
            width: sizes.resolution.unwrap_or(width),
        };
        let classes = sizes.classes.unwrap_or(self.classes);
        let network = match (self.source, cell) {
            (Source::Cells(default), cell) => {
                let cell: NasBench201Cell = cell.unwrap_or(default).parse()?;
                NasBench201Skeleton::PUBLISHED.network(cell, input, classes)?
            }
            (_, Some(cell)) => {
                return Err(NetworkError::NoCell { id: self.id.to_owned(), cell: cell.to_owned() });
            }
            (Source::Blocks(build), None) => build(input, classes)?,
            (Source::File(text), None) => {
                let mut network = Network::from_json(text)?;
                network.input = input;
                if let Some(Op::Dense(classifier)) = network.layers.last_mut().map(|layer| &mut layer.op) {
                    *classifier = Dense { out_features: classes, ..*classifier };
                }
                network
            }
        };
        network.resolve()?;
        Ok(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(reference: &Reference, sizes: ReferenceSizes) -> Result<Shape, NetworkError> {
        sized_reference(reference.id, sizes).map(|network| network.resolve().unwrap().output())
    }

    #[test]
    fn every_network_has_its_input_and_classes() {
        for reference in references() {
            let network = super::reference(reference.id).unwrap();
            assert_eq!(network.input, reference.input, "{}", reference.id);
            let expected = Shape::new(reference.classes, 1, 1);
            assert_eq!(output(reference, ReferenceSizes::default()), Ok(expected), "{}", reference.id);
        }
    }

    /// Which networks are refused below which height and width: those with kernels without padding.
    #[test]
    fn every_network_fits_other_images_and_classes() {
        let least = |id: &str| match id {
            "lenet-5" => 12,
            "squeezenet-1.0" => 7,
            "squeezenet-1.1" | "hybrid-tiny" | "mnist-fire" => 3,
            _ => 1,
        };
        for reference in references() {
            for resolution in [1, 2, 3, 7, 12, 28, 33, 64] {
                let sizes =
                    ReferenceSizes { channels: Some(2), resolution: Some(resolution), classes: Some(5) };
                let result = output(reference, sizes);
                if resolution < least(reference.id) {
                    assert!(result.is_err(), "{} {resolution}", reference.id);
                } else {
                    assert_eq!(result, Ok(Shape::new(5, 1, 1)), "{} {resolution}", reference.id);
                }
            }
        }
    }

    #[test]
    fn an_identifier_is_there_once() {
        for (place, reference) in REGISTRY.iter().enumerate() {
            assert!(REGISTRY[..place].iter().all(|other| other.id != reference.id), "{}", reference.id);
        }
    }

    #[test]
    fn a_cell_stands_behind_a_colon() {
        let cell = "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|";
        assert!(reference(&format!("nas-bench-201:{cell}")).is_ok());
        let cases = [
            ("nas-bench-201:conv", "'conv' is no cell of NAS-Bench-201"),
            ("resnet-8:conv", "'resnet-8' has no cell"),
            ("vgg", "there is no reference network 'vgg': use one of digits-tiny, mnist-fire, "),
        ];
        for (name, expected) in cases {
            let error = reference(name).unwrap_err().to_string();
            assert!(error.contains(expected), "{name}: {error}");
        }
    }
}
