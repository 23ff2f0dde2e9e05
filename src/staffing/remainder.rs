//! Two remainders that subtraction would spoil: of the exponential and of the logarithm, both of second order.

/// `(x - 1 + exp(-x)) / x`, which is `x/2` near 0.
pub fn of_exponential(x: f64, exp_minus_x: f64) -> f64 {
    if x.abs() < NEAR { series_of_exponential(x) } else { (x - 1.0 + exp_minus_x) / x }
}

/// Where the series take over.
pub const NEAR: f64 = 0.1;

/// The series `x/2! - x²/3! + x³/4! - …` to the last digit for `|x|` below [`NEAR`].
pub fn series_of_exponential(x: f64) -> f64 {
    const TERMS: i32 = 11;
    let horner = |sum: f64, k: i32| (1.0 - sum * x) / f64::from(k);
    // From the innermost bracket outwards: (1 - (1 - (1 - …) x/4) x/3) x/2.
    (2..=TERMS).rev().fold(0.0, horner) * x
}

/// `y - ln(1 + y)` for `1 + y = ratio` above 0, where `y` is the exact difference and `ratio` is rounded.
pub fn of_logarithm(y: f64, ratio: f64) -> f64 {
    if y.abs() >= NEAR {
        return y - ratio.ln();
    }
    // ln(1 + y) = 2 (v + v³/3 + v⁵/5 + …) with v = y / (2 + y), and y - 2v = y v.
    let v = y / (2.0 + y);
    let square = v * v;
    let horner = |sum: f64, k: i32| 1.0 / f64::from(k) + sum * square;
    let odd = [3, 5, 7, 9, 11, 13, 15].into_iter().rev().fold(0.0, horner);
    v * (y - 2.0 * square * odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 50-digit arithmetic.
    #[test]
    fn the_remainders_agree_with_long_arithmetic() {
        let table = [
            (1e-9, 4.999_999_998_333_334e-10),
            (0.05, 0.024588490014280183),
            (0.0999, 0.048327390411422116),
            (-0.0999, -0.051_655_720_815_920_52),
            (2.0, 0.567_667_641_618_306_3),
        ];
        for (x, wanted) in table {
            let found: f64 = of_exponential(x, (-x).exp());
            assert!((found - wanted).abs() <= 1e-13 * wanted.abs(), "{x}: {found:e} for {wanted:e}");
        }
        let table = [(1e-9, 4.999_999_996_666_667e-19), (0.05, 0.001_209_835_830_567_997), (-0.5, 0.19314718055994531)];
        for (y, wanted) in table {
            let found: f64 = of_logarithm(y, 1.0 + y);
            assert!((found - wanted).abs() <= 1e-13 * wanted.abs(), "{y}: {found:e} for {wanted:e}");
        }
    }
}
