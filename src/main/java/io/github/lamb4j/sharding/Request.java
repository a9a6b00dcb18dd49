package io.github.lamb4j.sharding;

/**
 * One call of one rank, which the ranks compare before they move data.
 *
 * @param number counts the rank's calls, from 1
 * @param operation the operation
 * @param bytes the bytes that the rank passes in
 * @param root the sending rank of a broadcast, otherwise 0
 */
record Request(long number, Operation operation, long bytes, int root) {

  /** {@return whether another rank's request belongs to the same operation} */
  boolean matches(Request other) {
    return number == other.number
        && operation == other.operation
        && root == other.root
        && (bytes == other.bytes || operation == Operation.EXCHANGE);
  }

  @Override
  public String toString() {
    String text = operation.call();
    if (operation != Operation.CLOSE) {
      text += " of " + bytes + " bytes";
    }
    if (operation == Operation.BROADCAST) {
      text += " from rank " + root;
    }
    return text + " (call " + number + ")";
  }
}
