package io.github.lamb4j.tools.bench;

/** What the textbook's LAMB asks of a BLAS, on device addresses of binary32. */
interface Blas extends AutoCloseable {

  /** {@code x = alpha x}. */
  void scale(int count, float alpha, long x);

  /** {@code y = alpha x + y}. */
  void addScaled(int count, float alpha, long x, long y);

  /** {@code c = a b}, element by element. */
  void multiply(int count, long a, long b, long c);

  /** The 2-norm; waits for it. */
  float norm(int count, long x);

  @Override
  void close();
}
