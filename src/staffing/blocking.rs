//! Erlang B: how likely an arrival finds every agent busy where nobody waits, for whole and fractional numbers of agents.
//!
//! A. K. Erlang 1917; the recurrence and the integral form as in D. L. Jagerman, Bell System Technical Journal 53, 1974.

use super::quantity::{Erlangs, MOST, at_least_zero};
use super::waiting::{NODES, Node};
use super::{Refusal, remainder};

/// What is below `exp` of this beside 1 cannot be seen in floating point.
const INVISIBLE: f64 = -45.0;

/// Below `exp` of this the recurrence would leave the range of floating point; the logarithm goes on.
const UNDERFLOW: f64 = -640.0;

/// `1/B(agents, load)`, or its logarithm where the number is too large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Inverse {
    /// The number.
    Plain(f64),
    /// Its natural logarithm, above 640.
    Logarithm(f64),
}

impl Inverse {
    /// Its natural logarithm.
    pub fn ln(self) -> f64 {
        match self {
            Self::Plain(inverse) => inverse.ln(),
            Self::Logarithm(ln) => ln,
        }
    }

    /// B itself; a logarithm beyond floating point gives 0.
    pub fn blocking(self) -> f64 {
        match self {
            Self::Plain(inverse) => inverse.recip(),
            Self::Logarithm(ln) => (-ln).exp(),
        }
    }
}

/// Erlang B for any real number of agents from 0.
pub fn erlang_b(agents: f64, load: Erlangs) -> Result<f64, Refusal> {
    let agents = at_least_zero("agents_real", agents)?;
    Ok(inverse(agents, load).blocking())
}

/// `1/B` by `1/B(x) = 1 + x/A · 1/B(x - 1)`: all terms are positive, so that nothing cancels.
///
/// The recurrence forgets where it began: begun so many steps below `x` and the load that the product of its factors
/// is invisible, it may begin at any guess. So it takes about ten times the root of the load, not the load itself.
pub fn inverse(agents: f64, load: Erlangs) -> Inverse {
    debug_assert!((0.0..=MOST).contains(&agents));
    let load = load.real();
    if load == 0.0 {
        return if agents == 0.0 { Inverse::Plain(1.0) } else { Inverse::Logarithm(f64::INFINITY) };
    }
    if agents > load {
        let ln = ln_poisson(agents, load);
        if ln < UNDERFLOW {
            // Then B and the Poisson probability differ by a share of B itself, which is nothing.
            return Inverse::Logarithm(-ln);
        }
    }
    let (fraction, whole) = (agents.fract(), agents.floor());
    let steps = steps_to_forget(agents, load).min(whole);
    let first = whole - steps + fraction;
    // Begun at the bottom it is exact; further up any guess will do, and this one is close.
    let mut inverse = if steps == whole { at_a_fraction(fraction, load) } else { load / (load - first) };
    let per_load = load.recip();
    let mut servers = first;
    for _ in 0..steps as u64 {
        servers += 1.0;
        inverse = 1.0 + servers * per_load * inverse;
    }
    Inverse::Plain(inverse)
}

/// How far below `agents` the recurrence may begin at a guess; each step below the load divides the guess's error by `A/n`.
fn steps_to_forget(agents: f64, load: f64) -> f64 {
    let over = (agents - load).max(0.0);
    let short = (load - agents).max(0.0);
    // ln(A/n) is at least (A - n)/A, and the sum of m of these is at least (short m + m(m - 1)/2) / A.
    let forgetting = 1.0 - short + (short * short - 2.0 * INVISIBLE * load).sqrt();
    (over + forgetting).ceil() + 1.0
}

/// The logarithm of the Poisson probability `A^x e^-A / Γ(x + 1)`, in the form of C. Loader,
/// "Fast and Accurate Computation of Binomial Probabilities", 2000: no two large terms cancel.
fn ln_poisson(x: f64, load: f64) -> f64 {
    const LARGE: f64 = 16.0;
    if x >= LARGE {
        let deviance = x * remainder::of_logarithm((load - x) / x, load / x);
        return -deviance - 0.5 * (std::f64::consts::TAU * x).ln() - stirling_error(x);
    }
    // Γ(x + 1) = Γ(x + 1 + k) / ((x + 1) … (x + k)).
    let (mut shifted, mut product) = (x, 1.0);
    while shifted < LARGE {
        shifted += 1.0;
        product *= shifted;
    }
    let ln_gamma =
        shifted * shifted.ln() - shifted + 0.5 * (std::f64::consts::TAU * shifted).ln() + stirling_error(shifted);
    x * load.ln() - load - (ln_gamma - product.ln())
}

/// Stirling's series for what its formula leaves of `ln Γ(x + 1)`, for x of at least 16.
fn stirling_error(x: f64) -> f64 {
    let square = x * x;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / 1680.0 / square) / square) / square) / x
}

/// `1/B(f, A) = ∫ e^-u (1 + u/A)^f du` over all u from 0, for f from 0 to 1.
fn at_a_fraction(fraction: f64, load: f64) -> f64 {
    const INVISIBLE_TAIL: f64 = 50.0;
    if fraction == 0.0 {
        return 1.0;
    }
    // Each panel is as long as its distance from 0, so that the branch point at -A stays far from all of them.
    let (mut from, mut to, mut sum) = (0.0, load.min(1.0), 0.0);
    while from < INVISIBLE_TAIL {
        let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
        let value = |at: f64| (-at).exp() * (1.0 + at / load).powf(fraction);
        let panel =
            |&Node { place, weight }: &Node| weight * (value(middle - half * place) + value(middle + half * place));
        sum += half * NODES.iter().map(panel).sum::<f64>();
        (from, to) = (to, 2.0 * to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn b(agents: f64, load: f64) -> f64 {
        erlang_b(agents, Erlangs::read("load", load).unwrap()).unwrap()
    }

    #[test]
    fn two_agents_at_one_erlang_block_a_fifth() {
        // B(2, 1) = (1/2) / (1 + 1 + 1/2).
        assert!((b(2.0, 1.0) - 0.2).abs() < 1e-15);
        assert_eq!((b(0.0, 3.0), b(0.0, 0.0), b(5.0, 0.0)), (1.0, 1.0, 0.0));
    }

    /// Of 60-digit arithmetic.
    #[test]
    fn fractional_agents_agree_with_long_arithmetic() {
        for (agents, load, wanted) in [
            (0.5, 0.2, 0.439_411_364_878_173_66),
            (14.5, 10.0, 0.045_817_873_573_952_94),
            (515.5, 500.0, 0.018_128_471_436_302_636),
        ] {
            assert!((b(agents, load) - wanted).abs() < 1e-14, "{agents} {load} {}", b(agents, load));
        }
    }

    #[test]
    fn beginning_far_up_changes_nothing() {
        for (agents, load) in [(900.0, 1_000.0), (1_000.0, 1_000.0), (1_032.0, 1_000.0), (9_500.0, 10_000.0)] {
            let whole = (1..=agents as u64).fold(1.0, |inverse, n| 1.0 + n as f64 / load * inverse);
            assert!((b(agents, load) * whole - 1.0).abs() < 1e-13, "{agents} {load}");
        }
    }

    #[test]
    fn what_no_float_holds_is_known_by_its_logarithm() {
        // ln B(500, 1) of 60-digit arithmetic.
        let found = inverse(500.0, Erlangs::read("load", 1.0).unwrap());
        let Inverse::Logarithm(ln) = found else { panic!("{found:?}") };
        assert!((ln / std::f64::consts::LN_10 - 1_134.520_703_075_3).abs() < 1e-3);
        assert_eq!(found.blocking(), 0.0);
    }
}
