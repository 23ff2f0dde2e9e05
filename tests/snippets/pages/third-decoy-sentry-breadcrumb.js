export const KNOWN_NOISE=["genesys.min.js","cxbus.min.js","widgets-core"];export function isNoise(e){return KNOWN_NOISE.some(n=>e.stack.includes(n))}
