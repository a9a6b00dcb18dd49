package io.github.lamb4j.internal.cpu;

/**
 * The element loops of a step, each over a span of a segment. All implementations give the same
 * bits. An instance belongs to one thread: it may keep scratch memory.
 *
 * <p>An array comes with the index of the span's first element in it. Arrays do not overlap, unless
 * input and output are the same elements.
 */
interface TileKernels {

  /** The sum of x^2 over at most one tile, in the order of {@code kernels/NUMERICS.md}. */
  double sumOfSquares(float[] x, int at, int count);

  /**
   * Whether {@link #moments} is faster if the sum of the weights' squares has already loaded them.
   */
  boolean sumsWeightsFirst();

  /**
   * The first pass of LAMB: updates m and v from g, and forms r.
   *
   * @param momentsAt the span's first element in m and in v
   */
  void moments(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c);

  /** As {@link #moments}, from gradients that are first scaled as {@link #scale} does. */
  void scaledMoments(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      double gradientScale,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c);

  /** A whole step without norms: {@link #moments}, then {@link #subtract}, without storing r. */
  void unadapted(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] m,
      float[] v,
      int momentsAt,
      int count,
      Coefficients c,
      float stepSize);

  /** Forms r again, from w and the updated m and v. */
  void updates(
      float[] w,
      int wAt,
      float[] m,
      float[] v,
      int momentsAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c);

  /** The second pass: {@link #updates}, then {@link #subtract}, without storing r. */
  void apply(
      float[] w,
      int wAt,
      float[] m,
      float[] v,
      int momentsAt,
      int count,
      Coefficients c,
      float stepSize);

  /** Forms the second term of LANS: {@link #updates} with g in place of m. */
  void gradientUpdates(
      float[] w,
      int wAt,
      float[] g,
      int gAt,
      float[] v,
      int vAt,
      float[] r,
      int rAt,
      int count,
      Coefficients c);

  /** w = w - stepSize r. */
  void subtract(float[] w, int wAt, float[] r, int rAt, int count, float stepSize);

  /** to = w - decoupledDecay w. */
  void decay(float[] w, int at, float[] to, int toAt, int count, float decoupledDecay);

  /** to = gradient * scale, rounded once. */
  void scale(float[] gradients, int at, float[] to, int toAt, int count, double scale);

  /** target = target + source. */
  void add(float[] target, int at, float[] source, int sourceAt, int count);

  /** to = from, exactly. */
  void widenF16(short[] from, int at, float[] to, int toAt, int count);

  /** to = from, exactly. */
  void widenBf16(short[] from, int at, float[] to, int toAt, int count);

  /** to = from, rounded to nearest even. */
  void narrowF16(float[] from, int at, short[] to, int toAt, int count);

  /** to = from, rounded to nearest even. */
  void narrowBf16(float[] from, int at, short[] to, int toAt, int count);
}
