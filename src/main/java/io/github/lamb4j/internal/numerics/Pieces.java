package io.github.lamb4j.internal.numerics;

/** Goes through a range of elements in pieces. */
public final class Pieces {

  /** Work on one piece. */
  @FunctionalInterface
  public interface Piece {
    /** Takes the elements from {@code start} on. */
    void take(int start, int count);
  }

  private Pieces() {}

  /**
   * Runs a task for each piece of a range, of which {@code to} is not part.
   *
   * @param size the elements of a piece; the last one may have fewer
   */
  public static void forEach(int from, int to, int size, Piece task) {
    for (long start = from; start < to; start += size) { // the last sum may exceed an int
      task.take((int) start, (int) Math.min(size, to - start));
    }
  }
}
