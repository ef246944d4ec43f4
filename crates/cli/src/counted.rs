//! Things and how many.

/// A number of things, in words that agree with it.
pub(crate) fn counted(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_no_plural() {
        let told = [0, 1, 2].map(|number| counted(number, "picture"));
        assert_eq!(told, ["0 pictures", "1 picture", "2 pictures"]);
    }
}
