//! The site's pages: their classes, how long visitors stay and where they go next.

use super::delay::Delay;
use super::dice::Dice;

/// A class of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageClass {
    /// The front page.
    Home,
    /// A product.
    Product,
    /// Prices and plans.
    Pricing,
    /// The basket and the till.
    Checkout,
    /// Help pages.
    Support,
    /// The customer's own pages.
    Account,
}

/// More pages than this nobody looks at in one visit.
pub const MOST_PAGES: usize = 12;

impl PageClass {
    /// All classes, in the order of the figures below.
    pub const ALL: [Self; 6] = [Self::Home, Self::Product, Self::Pricing, Self::Checkout, Self::Support, Self::Account];

    /// Its name in the configuration.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Product => "product",
            Self::Pricing => "pricing",
            Self::Checkout => "checkout",
            Self::Support => "support",
            Self::Account => "account",
        }
    }

    /// The paths that the configuration counts into it.
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Home => "/",
            Self::Product => "/products/**",
            Self::Pricing => "/pricing/**",
            Self::Checkout => "/checkout/**",
            Self::Support => "/support/**",
            Self::Account => "/account/**",
        }
    }

    /// Some paths of it.
    pub const fn paths(self) -> &'static [&'static str] {
        match self {
            Self::Home => &["/"],
            Self::Product => &["/products/lantern", "/products/kettle", "/products/tents/two-person"],
            Self::Pricing => &["/pricing/plans", "/pricing/compare", "/pricing/business"],
            Self::Checkout => &["/checkout/basket", "/checkout/payment", "/checkout/delivery"],
            Self::Support => &["/support/returns", "/support/setup/first-steps", "/support/contact"],
            Self::Account => &["/account/orders", "/account/invoices"],
        }
    }

    /// How long a visitor stays on one.
    pub const fn dwell(self) -> Delay {
        let (median, shape) = match self {
            Self::Home => (18.0, 1.5),
            Self::Product => (40.0, 1.7),
            Self::Pricing => (48.0, 1.6),
            Self::Checkout => (55.0, 1.8),
            Self::Support => (50.0, 1.6),
            Self::Account => (35.0, 1.5),
        };
        Delay::LongTailed { median, shape, most: 600.0 }
    }

    /// The probability that a visit begins here.
    pub const fn entered(self) -> f64 {
        match self {
            Self::Home => 0.38,
            Self::Product => 0.30,
            Self::Pricing => 0.12,
            Self::Checkout => 0.0,
            Self::Support => 0.13,
            Self::Account => 0.07,
        }
    }

    /// The probabilities of going on to each class of [`Self::ALL`]; what is missing to 1 leaves the site.
    pub const fn onward(self) -> [f64; 6] {
        match self {
            Self::Home => [0.04, 0.32, 0.14, 0.02, 0.07, 0.05],
            Self::Product => [0.06, 0.34, 0.13, 0.12, 0.03, 0.01],
            Self::Pricing => [0.04, 0.20, 0.22, 0.13, 0.05, 0.02],
            Self::Checkout => [0.02, 0.07, 0.04, 0.38, 0.04, 0.03],
            Self::Support => [0.03, 0.05, 0.04, 0.01, 0.40, 0.07],
            Self::Account => [0.04, 0.10, 0.04, 0.06, 0.10, 0.22],
        }
    }
}

/// One page of a visit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageSeen {
    /// When it came up, in seconds since the visit began.
    pub at: f64,
    /// What kind of page it is.
    pub class: PageClass,
    /// How long it stayed up, in seconds.
    pub dwell: f64,
}

/// Walks through the site once.
pub fn browse(dice: &mut Dice) -> Vec<PageSeen> {
    let entries = PageClass::ALL.map(|class| (class.entered(), Some(class)));
    let (mut seen, mut at, mut next) = (Vec::new(), 0.0, dice.weighted(&entries, Some(PageClass::Home)));
    while let Some(class) = next.filter(|_| seen.len() < MOST_PAGES) {
        let dwell = class.dwell().draw(dice);
        seen.push(PageSeen { at, class, dwell });
        at += dwell;
        let onward = class.onward();
        let leaves = 1.0 - onward.iter().sum::<f64>();
        let mut choices = [(leaves, None); 7];
        for (choice, (share, class)) in choices.iter_mut().skip(1).zip(onward.into_iter().zip(PageClass::ALL)) {
            *choice = (share, Some(class));
        }
        next = dice.weighted(&choices, None);
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_begin_somewhere_and_can_end_anywhere() {
        let entered: f64 = PageClass::ALL.into_iter().map(PageClass::entered).sum();
        assert!((entered - 1.0).abs() < 1e-9);
        for class in PageClass::ALL {
            assert!(class.onward().iter().sum::<f64>() < 0.95, "{class:?}");
        }
    }

    #[test]
    fn a_page_comes_up_when_the_one_before_goes() {
        let mut dice = Dice::new(5, &[]);
        for _ in 0..500 {
            let visit = browse(&mut dice);
            assert!((1..=MOST_PAGES).contains(&visit.len()));
            assert!(visit.windows(2).all(|pair| (pair[0].at + pair[0].dwell - pair[1].at).abs() < 1e-9));
        }
    }
}
