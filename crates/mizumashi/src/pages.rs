//! Runs the listings of the documentation, a page each. That of `docs/extending.md` is run by
//! `mizumashi-transform`, which is all that it may need.

#[doc = include_str!("../../../README.md")]
struct Readme;

#[doc = include_str!("../../../docs/getting-started.md")]
struct GettingStarted;

#[doc = include_str!("../../../docs/tutorial.md")]
struct Tutorial;

#[doc = include_str!("../../../docs/faq.md")]
struct Faq;

#[doc = include_str!("../../../docs/torchvision.md")]
struct Torchvision;

#[doc = include_str!("../../../docs/albumentations.md")]
struct Albumentations;

#[doc = include_str!("../../../docs/whitening.md")]
struct Whitening;
