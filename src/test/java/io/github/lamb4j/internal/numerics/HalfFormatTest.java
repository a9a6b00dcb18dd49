package io.github.lamb4j.internal.numerics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HalfFormatTest {

  private static final float[] VALUES = {0, -1.5f, 3.14159f, 1e-7f, -65504, Float.NaN, 1e30f};

  @Test
  void shouldUseTheConversionsOfEachFormat() {
    assertEquals(Half.toF16(3.14159f), HalfFormat.F16.narrow(3.14159f));
    assertEquals(Half.toBf16(3.14159f), HalfFormat.BF16.narrow(3.14159f));
    assertEquals(Half.fromF16((short) 0x4248), HalfFormat.F16.widen((short) 0x4248));
    assertEquals(Half.fromBf16((short) 0x4248), HalfFormat.BF16.widen((short) 0x4248));
  }

  @ParameterizedTest
  @EnumSource
  void shouldConvertWholeBuffers(HalfFormat format) {
    short[] halves = new short[VALUES.length];
    float[] widened = new float[VALUES.length];
    FloatBuffer source = FloatBuffer.wrap(VALUES);
    format.narrow(source, ShortBuffer.wrap(halves));
    assertFalse(source.hasRemaining());
    format.widen(ShortBuffer.wrap(halves), FloatBuffer.wrap(widened));
    for (int i = 0; i < VALUES.length; i++) {
      assertEquals(format.narrow(VALUES[i]), halves[i]);
      assertEquals(format.widen(halves[i]), widened[i]);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldNarrowInPlace(HalfFormat format) {
    ByteBuffer memory = ByteBuffer.allocate(VALUES.length * Float.BYTES);
    memory.asFloatBuffer().put(VALUES);
    format.narrow(memory.asFloatBuffer(), memory.asShortBuffer());
    short[] expected = new short[VALUES.length];
    format.narrow(FloatBuffer.wrap(VALUES), ShortBuffer.wrap(expected));
    short[] actual = new short[VALUES.length];
    memory.asShortBuffer().get(actual);
    assertArrayEquals(expected, actual);
  }
}
