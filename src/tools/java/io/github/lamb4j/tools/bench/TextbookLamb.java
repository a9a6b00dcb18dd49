package io.github.lamb4j.tools.bench;

import java.util.List;

/**
 * LAMB without custom kernels: BLAS calls, one tensor after another, with norms read back to the
 * host.
 *
 * <pre>
 *   m = beta1 m            scal      8 bytes per parameter
 *   m = m + (1 - beta1) g  axpy     12
 *   u = g g                dgmm      8
 *   v = beta2 v            scal      8
 *   v = v + (1 - beta2) u  axpy     12
 *   u = m v                dgmm     12   instead of m / (sqrt(v) + epsilon)
 *   u = u + decay w        axpy     12   tensors with decay
 *   ||w||, ||u||           nrm2      8   tensors with adaptation
 *   w = w - rate ratio u   axpy     12
 *   ||g||                  nrm2      4   with clipping: all tensors, before the rest
 * </pre>
 *
 * <p>BLAS has no element-wise square root or division. The product of m and v takes their place: it
 * moves the same bytes. So the time is that of a LAMB made of library calls, but the weights are
 * not those of LAMB.
 */
final class TextbookLamb implements Contender, AutoCloseable {

  static final String NAME = "textbook LAMB (cuBLAS)";

  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float WEIGHT_DECAY = 0.01f;

  /** A tensor and the device addresses of its arrays. */
  record Tensor(
      TensorShape shape, long weights, long gradients, long firstMoment, long secondMoment) {
    int count() {
      return Math.toIntExact(shape.count());
    }
  }

  private final Blas blas;
  private final List<Tensor> tensors;
  private final long scratch;
  private final boolean clip;
  private final float rate;
  private long bytes;
  private long calls;

  /**
   * Uses the given tensors.
   *
   * @param scratch the address of an array as large as the largest tensor
   */
  TextbookLamb(Blas blas, List<Tensor> tensors, long scratch, BenchSettings settings) {
    this.blas = blas;
    this.tensors = tensors;
    this.scratch = scratch;
    clip = settings.clip();
    rate = (float) settings.rate();
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void step() {
    float scale = clip ? gradientScale() : 1;
    for (Tensor tensor : tensors) {
      moments(tensor, scale);
      update(tensor);
    }
  }

  private float gradientScale() {
    double sum = 0;
    for (Tensor tensor : tensors) {
      double norm = norm(tensor, tensor.gradients);
      sum += norm * norm;
    }
    return (float) Math.min(1, BenchSettings.MAX_GRAD_NORM / Math.sqrt(sum));
  }

  private void moments(Tensor t, float scale) {
    int count = t.count();
    scale(t, BETA1, t.firstMoment);
    addScaled(t, (1 - BETA1) * scale, t.gradients, t.firstMoment);
    blas.multiply(count, t.gradients, t.gradients, scratch);
    called(count, 8);
    scale(t, BETA2, t.secondMoment);
    addScaled(t, (1 - BETA2) * scale * scale, scratch, t.secondMoment);
    blas.multiply(count, t.firstMoment, t.secondMoment, scratch);
    called(count, 12);
  }

  private void update(Tensor t) {
    if (t.shape.decay()) {
      addScaled(t, WEIGHT_DECAY, t.weights, scratch);
    }
    float ratio = 1;
    if (t.shape.adapt()) {
      float weightNorm = norm(t, t.weights);
      float updateNorm = norm(t, scratch);
      ratio = weightNorm == 0 || updateNorm == 0 ? 1 : weightNorm / updateNorm;
    }
    addScaled(t, -rate * ratio, scratch, t.weights);
  }

  private void scale(Tensor t, float alpha, long x) {
    blas.scale(t.count(), alpha, x);
    called(t.count(), 8);
  }

  private void addScaled(Tensor t, float alpha, long x, long y) {
    blas.addScaled(t.count(), alpha, x, y);
    called(t.count(), 12);
  }

  private float norm(Tensor t, long x) {
    called(t.count(), 4);
    return blas.norm(t.count(), x);
  }

  private void called(int count, int bytesEach) {
    calls++;
    bytes += (long) count * bytesEach;
  }

  @Override
  public Cost countedStep() {
    bytes = 0;
    calls = 0;
    step();
    return new Cost(tensors.stream().mapToLong(Tensor::count).sum(), bytes, calls);
  }

  @Override
  public void close() {
    blas.close();
  }
}
