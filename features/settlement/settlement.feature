Feature: Settlement
  At the end of a batch terminal and host count what was booked and given back. A hold is neither.

  Background:
    Given a credit card in the reader
    And a batch of its own

  @C195
  Scenario: A hold is not among the totals
    Given a hold of the usual amount
    When the merchant settles
    Then no hold is among the totals
    And the settlement counts 0 debits of nothing and 0 credits of nothing
    And the totals agree, and the batch is closed
    And the hold is open

  @C195 @C196
  Scenario: A completion is counted, the open hold beside it is not
    Given a hold of the usual amount
    And a hold of the other amount
    And the merchant has completed it for the full amount
    When the merchant settles
    Then no hold is among the totals
    And the settlement counts 1 debits of the other amount and 0 credits of nothing
    And the totals agree, and the batch is closed

  @C196
  Scenario: A completion and its void come to nothing
    Given a hold of the usual amount
    And the merchant has completed it for the full amount
    When the merchant voids the completion
    And the merchant settles
    Then the settlement counts 1 debits of the usual amount and 1 credits of the usual amount
    And the totals agree, and the batch is closed

  @C196 @C250
  Scenario: A sale and its refund are counted, each on its side
    Given a sale of the usual amount
    When the merchant refunds the sale
    And the merchant settles
    Then the settlement counts 1 debits of the usual amount and 1 credits of the usual amount
    And the totals agree, and the batch is closed

  @C196
  Scenario: A completion that was reversed is not counted
    Given a hold of the usual amount
    And the host does not answer the completion
    When the merchant completes it for the full amount
    And the merchant settles
    Then the settlement counts 0 debits of nothing and 0 credits of nothing
    And the totals agree, and the batch is closed

  @C197 @C204
  Scenario: Host, terminal and slip come to the same totals
    Given a hold of the usual amount
    And the merchant has completed it for the less amount
    And a sale of the other amount
    When the merchant settles
    Then the totals agree, and the batch is closed
    And the settlement counts 2 debits of the less amount together with the other amount and 0 credits of nothing
    And host, terminal and slip agree on the totals

  @C198
  Scenario: The totals differ: the terminal uploads its detail
    Given a sale of the other amount
    And a hold of the usual amount
    And the host acknowledges the completion advice and forgets it
    When the merchant completes it offline for the full amount
    And the merchant settles
    Then the terminal reports that the totals differ
    And the terminal uploads its detail and ends the batch

  @C202
  Scenario: One record that the host does not know is named, and the others are taken
    Given a sale of the other amount
    And a hold of the usual amount
    And the host acknowledges the completion advice and forgets it
    When the merchant completes it offline for the full amount
    And the merchant settles
    Then the host names the record that it does not know
    And the terminal uploads its detail and ends the batch

  @C199
  Scenario: After a settlement a new batch begins
    Given a hold of the usual amount
    When the merchant settles
    And the merchant completes it for the full amount
    Then the next request is of a new batch
    And the terminal reports the completion approved

  @C200
  Scenario: A full batch is settled, and no transaction is lost
    Given the terminal's batch is full after 2 transactions
    And a hold of the usual amount
    And the merchant has completed it for the full amount
    When the merchant asks for a hold of the other amount
    Then the full batch was settled, and no transaction was lost
    And the issuer holds the other amount

  @C201
  Scenario: A settlement that was not answered is resumed
    Given a sale of the usual amount
    And the host does not answer the settlement
    When the merchant settles
    And the merchant settles
    Then the settlement is resumed with the same totals
    And the account stands with nothing held and the usual amount booked

  @C203
  Scenario: A pending reversal goes before the settlement
    Given a hold of the usual amount
    And the host does not answer the completion
    And the host does not answer the reversal
    When the merchant completes it for the full amount
    And the merchant settles
    Then what was pending went before the settlement
    And the totals agree, and the batch is closed
    And in the end the hold is open

  @C203
  Scenario: A stored completion goes before the settlement, and is counted
    Given a hold of the usual amount
    And the host cannot be reached
    When the merchant completes it offline for the full amount
    And the host can be reached again
    And the merchant settles
    Then what was pending went before the settlement
    And the settlement counts 1 debits of the usual amount and 0 credits of nothing
    And the totals agree, and the batch is closed
