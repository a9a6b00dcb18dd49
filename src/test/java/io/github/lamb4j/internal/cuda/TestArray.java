package io.github.lamb4j.internal.cuda;

import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.internal.numerics.Half;
import io.github.lamb4j.model.DType;
import io.github.lamb4j.model.DeviceArray;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.model.TensorArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import jcuda.driver.CUdeviceptr;

/** An array on the host or the device with a common interface. */
abstract class TestArray {

  final DType type;
  final int count;

  private TestArray(DType type, int count) {
    this.type = type;
    this.count = count;
  }

  static TestArray onHost(DType type, int count) {
    return new OnHost(type, count);
  }

  /**
   * Creates an array of zeros in device memory.
   *
   * @param offset elements that it lies from an aligned address
   */
  static TestArray onDevice(
      TestDevice device, DType type, int count, int offset, Purpose purpose, String owner) {
    return new OnDevice(device, type, count, offset * type.bytes(), purpose, owner);
  }

  abstract TensorArray array();

  /** Sets the bits of all elements. */
  abstract void putBits(int[] bits);

  /** The bits of all elements. */
  abstract int[] bits();

  /** Sets all elements, rounded to nearest. */
  void put(float... values) {
    int[] bits = new int[count];
    for (int i = 0; i < count; i++) {
      bits[i] = bitsOf(values[i], type);
    }
    putBits(bits);
  }

  void put(int index, float value) {
    int[] bits = bits();
    bits[index] = bitsOf(value, type);
    putBits(bits);
  }

  float[] values() {
    int[] bits = bits();
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = valueOf(bits[i], type);
    }
    return values;
  }

  /** A hash of all elements. All NaNs are equal. */
  int hash() {
    int hash = 1;
    int[] bits = bits();
    for (int i = 0; i < count; i++) {
      hash = 31 * hash + (Float.isNaN(valueOf(bits[i], type)) ? -1 : bits[i]);
    }
    return hash;
  }

  static float valueOf(int bits, DType type) {
    return switch (type) {
      case F32 -> Float.intBitsToFloat(bits);
      case F16 -> Half.fromF16((short) bits);
      case BF16 -> Half.fromBf16((short) bits);
    };
  }

  static int bitsOf(float value, DType type) {
    return switch (type) {
      case F32 -> Float.floatToRawIntBits(value);
      case F16 -> Half.toF16(value) & 0xffff;
      case BF16 -> Half.toBf16(value) & 0xffff;
    };
  }

  private static final class OnHost extends TestArray {
    private final float[] floats;
    private final short[] halves;

    OnHost(DType type, int count) {
      super(type, count);
      floats = new float[type == DType.F32 ? count : 0];
      halves = new short[type == DType.F32 ? 0 : count];
    }

    @Override
    TensorArray array() {
      return switch (type) {
        case F32 -> HostArray.f32(FloatBuffer.wrap(floats));
        case F16 -> HostArray.f16(ShortBuffer.wrap(halves));
        case BF16 -> HostArray.bf16(ShortBuffer.wrap(halves));
      };
    }

    @Override
    void putBits(int[] bits) {
      for (int i = 0; i < count; i++) {
        if (type == DType.F32) {
          floats[i] = Float.intBitsToFloat(bits[i]);
        } else {
          halves[i] = (short) bits[i];
        }
      }
    }

    @Override
    int[] bits() {
      int[] bits = new int[count];
      for (int i = 0; i < count; i++) {
        bits[i] = type == DType.F32 ? Float.floatToRawIntBits(floats[i]) : halves[i] & 0xffff;
      }
      return bits;
    }
  }

  private static final class OnDevice extends TestArray {
    private final TestDevice device;
    private final int offset;
    private final long address;

    OnDevice(TestDevice device, DType type, int count, int offset, Purpose purpose, String owner) {
      super(type, count);
      this.device = device;
      this.offset = offset;
      address = device.upload(new byte[count * type.bytes()], offset, purpose, owner);
    }

    @Override
    TensorArray array() {
      return DeviceArray.of(new CUdeviceptr().withByteOffset(address), type);
    }

    @Override
    void putBits(int[] bits) {
      ByteBuffer bytes = CudaLayout.buffer((long) count * type.bytes());
      for (int element : bits) {
        if (type == DType.F32) {
          bytes.putInt(element);
        } else {
          bytes.putShort((short) element);
        }
      }
      if (count > 0) {
        device.driver().copyToDevice(address, bytes.flip(), device.stream());
      }
    }

    /** Fails if memory around the array was written. */
    @Override
    int[] bits() {
      int length = count * type.bytes();
      byte[] around = device.download(address - offset, offset + length + 16);
      for (int i = 0; i < around.length; i++) {
        if ((i < offset || i >= offset + length) && around[i] != TestDevice.AROUND) {
          throw new AssertionError("byte %d of %d was written".formatted(i - offset, length));
        }
      }
      ByteBuffer bytes =
          ByteBuffer.wrap(Arrays.copyOfRange(around, offset, offset + length))
              .order(ByteOrder.nativeOrder());
      int[] bits = new int[count];
      for (int i = 0; i < count; i++) {
        bits[i] = type == DType.F32 ? bytes.getInt() : bytes.getShort() & 0xffff;
      }
      return bits;
    }
  }
}
