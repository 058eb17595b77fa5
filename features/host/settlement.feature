Feature: The host, asked to settle twice
  A batch that was closed stays closed.

  @C199
  Scenario: A batch number that was used before
    Given a credit card in the reader
    When another terminal settles a batch and ends it
    And another terminal settles the same batch again
    Then the host explains it: was closed before
    And no money was moved for it
