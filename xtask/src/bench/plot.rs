//! The curves of `growth` as one SVG picture of four panels.

use std::path::Path;

use super::case::Result;
use super::growth::{FitPoint, FlowPoint, Growth};
use crate::chart::{self, Panel, Series};
use crate::plot::Names;

const SIZE: (u32, u32) = (540, 400);

/// Draws the curves into an SVG file.
pub(crate) fn draw(growth: &Growth, path: &Path) -> Result<()> {
    let flow = |points: &[FlowPoint], x: fn(&FlowPoint) -> usize| {
        series(
            points,
            |point| point.threads,
            |threads| format!("{threads} thread{}", if threads == 1 { "" } else { "s" }),
            |point| (x(point) as f64, point.images_per_second),
        )
    };
    let fit = |y: fn(&FitPoint) -> f64| {
        series(
            &growth.zca_fit,
            |point| point.values,
            |values| format!("d = {values}"),
            |point| (point.samples as f64, y(point)),
        )
    };
    let panels = [
        Panel {
            title: "Flow, batches of 32".into(),
            x: "side of the images in pixels",
            base: 2.0,
            y: "images/s",
            names: Names::Ends,
            series: flow(&growth.flow_by_side, |point| point.side),
        },
        Panel {
            title: "Flow, 32x32 images".into(),
            x: "images in a batch",
            base: 2.0,
            y: "images/s",
            names: Names::Ends,
            series: flow(&growth.flow_by_batch, |point| point.batch),
        },
        Panel {
            title: "ZCA fit of n samples of d values, time".into(),
            x: "samples n",
            base: 10.0,
            y: "seconds",
            names: Names::Ends,
            series: fit(|point| point.seconds),
        },
        Panel {
            title: "ZCA fit, peak memory beside the data".into(),
            x: "samples n",
            base: 10.0,
            y: "MB",
            names: Names::Ends,
            series: fit(|point| point.megabytes),
        },
    ];
    chart::draw(path, SIZE, 2, &panels).map_err(|error| error.to_string().into())
}

/// One curve for each key, the keys in ascending order.
fn series<P>(
    points: &[P],
    key: impl Fn(&P) -> usize,
    name: impl Fn(usize) -> String,
    place: impl Fn(&P) -> (f64, f64),
) -> Vec<Series> {
    let mut keys: Vec<usize> = points.iter().map(&key).collect();
    keys.sort_unstable();
    keys.dedup();
    let curve =
        |wanted| points.iter().filter(|point| key(point) == wanted).map(&place).collect::<Vec<_>>();
    keys.into_iter().map(|key| Series::new(name(key), curve(key))).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_curve_is_named_in_the_picture() {
        let flow = |threads, side, batch| FlowPoint {
            threads,
            side,
            batch,
            images_per_second: 4e8 * threads as f64 / (side * side) as f64,
            megabytes: 1.0,
        };
        let fit = |values, samples| FitPoint {
            threads: 2,
            values,
            samples,
            seconds: 1e-9 * (values * values * samples.min(values)) as f64,
            megabytes: 1e-5 * (values * samples.min(values)) as f64,
        };
        let pairs = |left: &[usize], right: &[usize]| {
            left.iter().flat_map(|&l| right.iter().map(move |&r| (l, r))).collect::<Vec<_>>()
        };
        let growth = Growth {
            flow_by_side: pairs(&[1, 2], &[32, 64, 128, 224, 512])
                .into_iter()
                .map(|(threads, side)| flow(threads, side, 32))
                .collect(),
            flow_by_batch: pairs(&[1, 2], &[1, 4, 16, 64, 256, 1024])
                .into_iter()
                .map(|(threads, batch)| flow(threads, 32, batch))
                .collect(),
            zca_fit: pairs(&[192, 432, 768, 1728, 3072], &[100, 300, 1_000, 3_000, 10_000, 50_000])
                .into_iter()
                .map(|(values, samples)| fit(values, samples))
                .collect(),
        };
        let path = std::env::temp_dir().join(format!("growth-{}.svg", std::process::id()));
        draw(&growth, &path).unwrap();
        let picture = fs::read_to_string(&path).unwrap();
        fs::remove_file(&path).unwrap();
        for name in ["1 thread", "2 threads", "d = 192", "d = 3072"] {
            assert!(picture.contains(name), "no curve is called {name}");
        }
    }
}
