package io.github.lamb4j.tools.bench;

/** The BLAS calls of the textbook LAMB, on device addresses of binary32 vectors. */
interface Blas extends AutoCloseable {

  /** {@code x = alpha x}. */
  void scale(int count, float alpha, long x);

  /** {@code y = alpha x + y}. */
  void addScaled(int count, float alpha, long x, long y);

  /** {@code c = a * b}, element-wise. */
  void multiply(int count, long a, long b, long c);

  /** The 2-norm of x. Waits. */
  float norm(int count, long x);

  @Override
  void close();
}
