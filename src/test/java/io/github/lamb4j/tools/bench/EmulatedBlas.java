package io.github.lamb4j.tools.bench;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** A BLAS on device memory, computed on the host. Counts the bytes that its calls move. */
final class EmulatedBlas implements Blas {

  private final CudaDriver driver;
  private final CudaStream stream = CudaStream.LEGACY;
  long bytes;
  long calls;
  boolean closed;

  EmulatedBlas(CudaDriver driver) {
    this.driver = driver;
  }

  float[] load(int count, long address) {
    ByteBuffer buffer = buffer(count);
    driver.copyToHost(buffer, address, stream);
    float[] values = new float[count];
    buffer.asFloatBuffer().get(values);
    return values;
  }

  private void store(float[] values, long address) {
    ByteBuffer buffer = buffer(values.length);
    FloatBuffer floats = buffer.asFloatBuffer();
    floats.put(values);
    driver.copyToDevice(address, buffer, stream);
  }

  private static ByteBuffer buffer(int count) {
    return ByteBuffer.allocateDirect(count * Float.BYTES).order(ByteOrder.nativeOrder());
  }

  private void called(int count, int arrays) {
    calls++;
    bytes += (long) count * arrays * Float.BYTES;
  }

  @Override
  public void scale(int count, float alpha, long x) {
    called(count, 2);
    float[] values = load(count, x);
    for (int i = 0; i < count; i++) {
      values[i] *= alpha;
    }
    store(values, x);
  }

  @Override
  public void addScaled(int count, float alpha, long x, long y) {
    called(count, 3);
    float[] added = load(count, x);
    float[] values = load(count, y);
    for (int i = 0; i < count; i++) {
      values[i] += alpha * added[i];
    }
    store(values, y);
  }

  @Override
  public void multiply(int count, long a, long b, long c) {
    called(count, a == b ? 2 : 3);
    float[] values = load(count, a);
    float[] factors = load(count, b);
    for (int i = 0; i < count; i++) {
      values[i] *= factors[i];
    }
    store(values, c);
  }

  @Override
  public float norm(int count, long x) {
    called(count, 1);
    double sum = 0;
    for (float value : load(count, x)) {
      sum += (double) value * value;
    }
    return (float) Math.sqrt(sum);
  }

  @Override
  public void close() {
    closed = true;
  }
}
