//! Made-up customers, the same in every run.

use std::io::{self, Write};
use std::ops::Range;

const FIRST: [&str; 24] = [
    "Ada", "Alan", "Amara", "Barbara", "Chen", "Dennis", "Edsger", "Frances", "Grace", "Hedy",
    "Imani", "Joan", "Kateryna", "Leslie", "Margaret", "Niklaus", "Olga", "Priya", "Radia",
    "Shafi", "Tomás", "Ursula", "Wei", "Yukihiro",
];
const LAST: [&str; 24] = [
    "Allen",
    "Adeyemi",
    "Bartik",
    "Castillo",
    "Clarke",
    "Dijkstra",
    "Eriksson",
    "Fernández",
    "Goldberg",
    "Hopper",
    "Ivanova",
    "Jones",
    "Kaur",
    "Lamport",
    "Liskov",
    "Müller",
    "Nguyen",
    "Okafor",
    "Perlman",
    "Ritchie",
    "Sato",
    "Turing",
    "Wirth",
    "Zhang",
];
const CITIES: [&str; 12] = [
    "Amsterdam",
    "Bogotá",
    "Chennai",
    "Dakar",
    "Edinburgh",
    "Fukuoka",
    "Geneva",
    "Hanoi",
    "Izmir",
    "Jakarta",
    "Kraków",
    "Lyon",
];
const PLANS: [&str; 3] = ["free", "basic", "plus"];

/// A number of customers, each told by its id alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Customers(u32);

/// What may change of a customer.
pub(super) struct Customer {
    id: u32,
    name: String,
    email: String,
    pub(super) city: &'static str,
    pub(super) plan: &'static str,
    balance: String,
    since: String,
}

impl Customers {
    pub(super) fn new(count: u32) -> Self {
        Self(count)
    }

    pub(super) fn count(self) -> u32 {
        self.0
    }

    /// Writes customers as CSV, in an order that is not that of the ids, as databases do.
    pub(super) fn write(
        self,
        out: &mut dyn Write,
        ids: Range<u32>,
        change: impl Fn(&mut Customer),
    ) -> io::Result<()> {
        writeln!(out, "id,name,email,city,plan,balance,since")?;
        // An odd stride goes through a block of two to the power of eight in a mixed order.
        for block in ids.clone().step_by(256) {
            for step in 0..256 {
                let id = block + step * 97 % 256;
                if ids.contains(&id) {
                    let mut customer = Customer::new(id);
                    change(&mut customer);
                    let Customer { id, name, email, city, plan, balance, since } = customer;
                    writeln!(out, "{id:07},{name},{email},{city},{plan},{balance},{since}")?;
                }
            }
        }
        Ok(())
    }

    /// The value that the import makes of a customer.
    pub(super) fn value(self, id: u32, change: impl Fn(&mut Customer)) -> String {
        let mut customer = Customer::new(id);
        change(&mut customer);
        let Customer { id, name, email, city, plan, balance, since } = customer;
        let fields = [
            ("id", format!("{id:07}")),
            ("name", name),
            ("email", email),
            ("city", city.to_owned()),
            ("plan", plan.to_owned()),
            ("balance", balance),
            ("since", since),
        ];
        // No field has a character that JSON would escape.
        let fields: Vec<_> =
            fields.iter().map(|(name, text)| format!("\"{name}\":\"{text}\"")).collect();
        format!("{{{}}}", fields.join(","))
    }
}

impl Customer {
    fn new(id: u32) -> Self {
        let mut random = mix(u64::from(id));
        let mut below = |n: u64| {
            let drawn = random % n;
            random = mix(random);
            drawn as usize
        };
        let (first, last) = (FIRST[below(24)], LAST[below(24)]);
        let (city, plan) = (CITIES[below(12)], PLANS[below(3)]);
        let balance = format!("{}.{:02}", below(2_000), below(100));
        let since = format!("20{:02}-{:02}-{:02}", 10 + below(16), 1 + below(12), 1 + below(28));
        let name = format!("{first} {last}");
        let address = name.to_lowercase().replace(' ', ".").replace('á', "a").replace('ü', "ue");
        let email = format!("{address}{id}@example.com");
        Self { id, name, email, city, plan, balance, since }
    }
}

/// Mixes the bits of a number (SplitMix64, Steele et al., OOPSLA 2014).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
