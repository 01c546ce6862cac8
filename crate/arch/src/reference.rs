//! Networks that have a name of their own: `ref:digits-tiny`.

use crate::{Network, NetworkError};

/// One line for each reference network: identifier, title, and the network as a file.
const REGISTRY: [(&str, &str, &str); 5] = [
    ("digits-tiny", "Two convolutions for 8×8 digits", include_str!("../networks/digits-tiny.json")),
    ("mnist-fire", "Two Fire modules for 28×28 digits", include_str!("../networks/mnist-fire.json")),
    (
        "lenet-5",
        "LeNet-5 (LeCun et al. 1998), with ReLU and max pooling as it is built today",
        include_str!("../networks/lenet-5.json"),
    ),
    (
        "mobile-tiny",
        "Four inverted residuals for 32×32 images (MobileNetV2, Sandler et al. 2018)",
        include_str!("../networks/mobile-tiny.json"),
    ),
    (
        "hybrid-tiny",
        "Inverted residuals and a transformer block for 32×32 images (MobileViT, Mehta and Rastegari 2022)",
        include_str!("../networks/hybrid-tiny.json"),
    ),
];

/// Identifier and title of every reference network.
pub fn references() -> impl Iterator<Item = (&'static str, &'static str)> {
    REGISTRY.iter().map(|(id, title, _)| (*id, *title))
}

/// The reference network of that identifier.
///
/// # Errors
/// If there is none.
pub fn reference(id: &str) -> Result<Network, NetworkError> {
    let unknown = || {
        let known = REGISTRY.map(|(id, ..)| id).join(", ");
        NetworkError::UnknownReference { id: id.to_owned(), known }
    };
    let (_, _, text) = REGISTRY.iter().find(|(other, ..)| *other == id).ok_or_else(unknown)?;
    Network::from_json(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Trainable parameters by hand.
    #[test]
    fn every_reference_network_is_sound() {
        let parameters = [
            72 + 16 + 1152 + 32 + 170,
            // 176 for conv1 and its norm; fire modules (136, 144, 1168) and (528, 544, 4640); 650.
            176 + (136 + 144 + 1168) + (528 + 544 + 4640) + 650,
            // LeNet-5 with 28×28 images: 156 + 2416 + 48120 + 10164 + 850.
            61_706,
            // As PyTorch counts the same networks.
            33_002,
            48_010,
        ];
        for ((id, _), expected) in references().zip(parameters) {
            let graph = reference(id).unwrap().resolve().unwrap();
            let count: u64 =
                graph.parameters().filter(|(_, p)| p.role.is_trainable()).map(|(_, p)| p.elements()).sum();
            assert_eq!(count, expected, "{id}");
        }
    }

    #[test]
    fn an_unknown_reference_names_the_known_ones() {
        let error = reference("vgg").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no reference network 'vgg': use one of digits-tiny, mnist-fire, lenet-5, mobile-tiny, hybrid-tiny"
        );
    }
}
