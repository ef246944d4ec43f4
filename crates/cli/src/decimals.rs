//! Numbers in text.

/// A number to so many decimals, without the sign of one that rounds to zero.
pub(crate) fn decimals(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|digit| matches!(digit, b'0' | b'.')) => zero.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::decimals;

    #[test]
    fn what_rounds_to_zero_has_no_sign() {
        let shown = [-0.04, -0.0, 0.04, -0.06, -10.0].map(|number| decimals(number, 1));
        assert_eq!(shown, ["0.0", "0.0", "0.0", "-0.1", "-10.0"]);
    }
}
