package io.github.lamb4j.tools.cli;

import io.github.lamb4j.internal.numerics.HalfFormat;
import io.github.lamb4j.internal.numerics.Pieces;
import io.github.lamb4j.internal.safetensors.Dtype;
import io.github.lamb4j.internal.safetensors.TensorFiles;
import io.github.lamb4j.internal.safetensors.TensorInfo;
import io.github.lamb4j.model.HostArray;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/**
 * The weights of one tensor in memory, in the type of their file.
 *
 * @param type F32, F16 or BF16
 * @param array the elements
 */
record Weights(Dtype type, HostArray array) {

  private static final int PIECE = 1 << 16;

  /** Reads weights and keeps every bit, even of a NaN. */
  static Weights read(TensorFiles file, TensorInfo info) throws IOException {
    int count = (int) info.elementCount();
    if (info.dtype() == Dtype.F32) {
      FloatBuffer floats = FloatBuffer.allocate(count);
      file.read(info, 0, floats.duplicate());
      return new Weights(info.dtype(), HostArray.f32(floats));
    }
    ShortBuffer halves = ShortBuffer.allocate(count);
    FloatBuffer piece = FloatBuffer.allocate(Math.min(PIECE, count));
    while (halves.hasRemaining()) {
      piece.clear().limit(Math.min(PIECE, halves.remaining()));
      file.read(info, halves.position(), piece);
      format(info.dtype()).narrow(piece.flip(), halves); // undoes the widening, exactly
    }
    halves.flip();
    return new Weights(
        info.dtype(), info.dtype() == Dtype.F16 ? HostArray.f16(halves) : HostArray.bf16(halves));
  }

  /** Fills the target with elements, widened exactly. */
  void copy(int offset, FloatBuffer target) {
    if (type == Dtype.F32) {
      target.put(array.floats().slice(offset, target.remaining()));
      return;
    }
    format(type).widen(array.halves().slice(offset, target.remaining()), target);
  }

  /** The index of the first master that does not round to its weight, or -1. */
  int mismatch(int offset, FloatBuffer masters) {
    ShortBuffer halves = array.halves().position(offset);
    for (int i = 0; i < masters.limit(); i++) {
      short half = halves.get();
      float master = masters.get(i);
      if (half != format(type).narrow(master)
          && !(Float.isNaN(master) && Float.isNaN(format(type).widen(half)))) {
        return offset + i;
      }
    }
    return -1;
  }

  /** Adds name, type and every bit of the weights to a digest. */
  void update(String name, MessageDigest digest) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.max(16, Math.min(PIECE, array.count()) * Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    digest.update(
        bytes.putInt(text.length).put(type.name().getBytes(StandardCharsets.UTF_8)).flip());
    digest.update(text);
    Pieces.forEach(
        0,
        array.count(),
        PIECE,
        (offset, length) -> {
          bytes.clear();
          if (type == Dtype.F32) {
            bytes.asFloatBuffer().put(array.floats().slice(offset, length));
            bytes.limit(length * Float.BYTES);
          } else {
            bytes.asShortBuffer().put(array.halves().slice(offset, length));
            bytes.limit(length * Short.BYTES);
          }
          digest.update(bytes);
        });
  }

  /** The index of the first weight that is not finite, or -1. */
  int nonFinite() {
    return type == Dtype.F32 ? nonFinite(array.floats()) : nonFinite(array.halves());
  }

  /** The index of the first number that is not finite, or -1. */
  static int nonFinite(FloatBuffer values) {
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        return i;
      }
    }
    return -1;
  }

  private int nonFinite(ShortBuffer halves) {
    int exponent = type == Dtype.F16 ? 0x7C00 : 0x7F80;
    for (int i = 0; i < halves.limit(); i++) {
      if ((halves.get(i) & exponent) == exponent) {
        return i;
      }
    }
    return -1;
  }

  private static HalfFormat format(Dtype type) {
    return type == Dtype.F16 ? HalfFormat.F16 : HalfFormat.BF16;
  }
}
