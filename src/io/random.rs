//! Random bytes of the operating system, for keys and nothing else.

/// Thirty-two of them.
pub fn bytes() -> Result<[u8; 32], getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}
