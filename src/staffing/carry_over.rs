//! Carry-over: the load that contacts of earlier intervals still are, where they last longer than an interval.
//!
//! Offered load is A(t) = ∫ λ(t - u) P(S > u) du, the contacts that would be in service if nobody ever waited: S. G.
//! Eick, W. A. Massey and W. Whitt, "The physics of the M_t/G/∞ queue", Operations Research 41, 1993. With exponential
//! handle times of mean h and a rate λ that holds for an interval, A'(t) = λ - A/h, so that A(t) = λh + (A₀ - λh)
//! exp(-t/h). An interval is staffed for the mean of A over it, after O. B. Jennings, A. Mandelbaum, W. A. Massey and
//! W. Whitt, "Server staffing to meet time-varying demand", Management Science 42, 1996.

use super::quantity::LEAST_ERLANGS;
use super::{Demand, Erlangs, Refusal, remainder};

/// Of what was begun earlier so much is too little to be told from nothing.
const NOTHING: f64 = 1e-15;

/// Contacts of one handle time that are in service at the start of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Cohort {
    handle_seconds: f64,
    in_service: f64,
}

/// What is in service between two intervals. Contacts keep the handle time of the interval in which they came.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CarryOver {
    cohorts: Vec<Cohort>,
}

impl CarryOver {
    /// As though it had always been like this: the first interval of a plan knows of none before it.
    ///
    /// # Errors
    ///
    /// Where an input means nothing.
    pub fn as_ever(demand: &Demand) -> Result<Self, Refusal> {
        let mut carried = Self::default();
        carried.keep(demand.handle_seconds, demand.load()?.real());
        Ok(carried)
    }

    /// Whether nothing is in service.
    pub const fn is_none(&self) -> bool {
        self.cohorts.is_empty()
    }

    /// Takes in the next interval; says its mean offered load, with what earlier ones left.
    ///
    /// # Errors
    ///
    /// Where an input means nothing.
    pub fn take(&mut self, demand: &Demand) -> Result<Erlangs, Refusal> {
        let steady = demand.load()?.real();
        let length = demand.interval_seconds;
        let before = std::mem::take(&mut self.cohorts);
        let mut mean = 0.0;
        for Cohort { handle_seconds, in_service } in before {
            let lengths = length / handle_seconds;
            mean += in_service * (-(-lengths).exp_m1() / lengths);
            self.keep(handle_seconds, in_service * (-lengths).exp());
        }
        let lengths = length / demand.handle_seconds;
        mean += steady * remainder::of_exponential(lengths, (-lengths).exp());
        self.keep(demand.handle_seconds, steady * -(-lengths).exp_m1());
        Erlangs::read("contacts_per_interval", if mean < LEAST_ERLANGS { 0.0 } else { mean })
    }

    fn keep(&mut self, handle_seconds: f64, in_service: f64) {
        if in_service < NOTHING {
            return;
        }
        match self.cohorts.iter_mut().find(|cohort| cohort.handle_seconds == handle_seconds) {
            Some(cohort) => cohort.in_service += in_service,
            None => self.cohorts.push(Cohort { handle_seconds, in_service }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn demand(contacts: f64, handle_seconds: f64) -> Demand {
        Demand { contacts, interval_seconds: 900.0, handle_seconds }
    }

    fn loads(mut carried: CarryOver, demands: &[Demand]) -> Vec<f64> {
        demands.iter().map(|demand| carried.take(demand).unwrap().real()).collect()
    }

    /// Worked by hand: handle time and interval of 900 s, 10 contacts once. In the interval itself A(t) = 10 (1 - e^-t/h),
    /// of mean 10/e; 10 (1 - 1/e) are left at its end, and their mean over the next is 10 (1 - 1/e)².
    #[test]
    fn contacts_as_long_as_an_interval_are_work_for_the_next_one_too() {
        let once = [10.0, 0.0, 0.0].map(|contacts| demand(contacts, 900.0));
        let found = loads(CarryOver::default(), &once);
        let left = 1.0 - (-1.0_f64).exp();
        let wanted = [10.0 * (-1.0_f64).exp(), 10.0 * left * left, 10.0 * left * left * (-1.0_f64).exp()];
        for (found, wanted) in found.iter().zip(wanted) {
            assert!((found - wanted).abs() < 1e-14, "{found} {wanted}");
        }
    }

    #[test]
    fn what_goes_on_as_ever_is_the_stationary_load() {
        let same = [demand(12.0, 960.0); 20];
        for load in loads(CarryOver::as_ever(&same[0]).unwrap(), &same) {
            assert!((load - 12.8).abs() < 1e-12, "{load}");
        }
    }

    #[test]
    fn contacts_keep_the_handle_time_with_which_they_came() {
        let [first, second] = [demand(10.0, 900.0), demand(0.0, 60.0)];
        let same = loads(CarryOver::default(), &[first, demand(0.0, 900.0)]);
        assert_eq!(loads(CarryOver::default(), &[first, second]), same);
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let refused = CarryOver::default().take(&demand(f64::NAN, 60.0));
        assert_eq!(refused, Err(Refusal::NotANumber { input: "contacts_per_interval" }));
        assert_eq!(CarryOver::default().take(&demand(1.0, 0.0)), Err(Refusal::Zero { input: "aht_s" }));
    }

    proptest! {
        #[test]
        fn no_work_is_lost_and_none_is_made(
            intervals in prop::collection::vec((0.0..500.0_f64, 5.0..3_600.0_f64), 1..30),
        ) {
            let mut demands: Vec<Demand> =
                intervals.iter().map(|(contacts, handle)| demand(*contacts, *handle)).collect();
            demands.extend([demand(0.0, 300.0); 160]);
            let done: f64 = loads(CarryOver::default(), &demands).iter().map(|load| load * 900.0).sum();
            let came: f64 = demands.iter().map(|demand| demand.contacts * demand.handle_seconds).sum();
            prop_assert!((done - came).abs() <= 1e-9 * came.max(1.0), "{done} {came}");
        }

        #[test]
        fn short_contacts_are_the_stationary_load(contacts in prop::collection::vec(0.0..500.0_f64, 1..20)) {
            let demands: Vec<Demand> = contacts.iter().map(|contacts| demand(*contacts, 0.001)).collect();
            for (load, demand) in loads(CarryOver::default(), &demands).iter().zip(&demands) {
                let steady = demand.load().unwrap().real();
                prop_assert!((load - steady).abs() <= 1e-5 * 500.0 * 0.001 / 900.0, "{load} {steady}");
            }
        }

        #[test]
        fn a_load_lies_between_none_and_the_busiest_so_far(
            contacts in prop::collection::vec(0.0..500.0_f64, 1..40), handle in 1.0..10_000.0_f64,
        ) {
            let demands: Vec<Demand> = contacts.iter().map(|contacts| demand(*contacts, handle)).collect();
            let mut busiest = 0.0_f64;
            for (load, demand) in loads(CarryOver::default(), &demands).iter().zip(&demands) {
                busiest = busiest.max(demand.load().unwrap().real());
                prop_assert!(*load >= 0.0 && *load <= busiest * (1.0 + 1e-12), "{load} {busiest}");
            }
        }
    }
}
