Feature: The host, and frames that are none
  What cannot be read is not answered, but explained, and the host goes on.

  Background:
    Given a credit card in the reader

  @C129
  Scenario Outline: A frame that cannot be read
    When another terminal sends a hold in a frame <how>
    Then the host says nothing
    And the host explains it: <why>
    And no money was moved for it
    When another terminal asks for a hold of the other amount
    Then the host goes on answering
    And the issuer holds the other amount

    Examples:
      | how                                 | why                              |
      | whose length is in ASCII            | it looks like ASCII digits       |
      | whose length has its low byte first | its first byte the lower one     |
      | whose length counts itself          | seems to count itself            |
      | without a TPDU                      | is a TPDU or header missing      |
      | without a header                    | is there a header at all         |
      | that is cut off                     | came before the connection ended |
      | with bytes left over                | bytes are left over              |
      | whose message type is in ASCII      | it looks like an MTI in ASCII    |
      | that is no frame                    | it looks like HTTP               |
