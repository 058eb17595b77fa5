"""PC/SC as bytes and numbers: result codes, answers to reset, T=0 and its chains, part 10, identity.

Modules: `codes`, `atr`, `exchange`, `part10`, `identity`. None of them speaks to a reader. facts/pcsc-emv 1, 5.
"""
