package io.github.lamb4j.internal.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.lamb4j.internal.cuda.driver.CudaDriver;
import io.github.lamb4j.internal.cuda.driver.CudaStream;
import io.github.lamb4j.internal.cuda.driver.Purpose;
import io.github.lamb4j.model.HostArray;
import io.github.lamb4j.tools.bench.ForwardingDriver;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Copies through pinned buffers. The emulator copies as late as it may, so that reading or
 * overwriting a buffer too early gives other bytes.
 */
@Tag("gpu")
@Tag("jcuda")
class StagingTest {

  private static final int[] COUNTS = {1, 15, 16, 17, 1000, 3, 2, 4097};

  @ParameterizedTest
  @ValueSource(ints = {1, 65, 4096, 1 << 20})
  void shouldCopyArraysOfAnyLengthBothWays(int bufferBytes) {
    try (TestDevice device = TestDevice.open();
        DeviceArrays arrays = new DeviceArrays(device.driver(), device.stream())) {
      Staging staging = new Staging(device.driver(), device.stream(), arrays, bufferBytes);
      Random random = new Random(1);
      for (int round = 0; round < 3; round++) {
        List<float[]> sources = new ArrayList<>();
        List<short[]> halves = new ArrayList<>();
        List<Long> addresses = new ArrayList<>();
        for (int count : COUNTS) {
          float[] source = new float[count];
          short[] half = new short[count];
          for (int i = 0; i < count; i++) {
            source[i] = random.nextFloat();
            half[i] = (short) random.nextInt();
          }
          sources.add(source.clone());
          halves.add(half.clone());
          long address = arrays.allocate(count * Float.BYTES, Purpose.OTHER, "floats");
          long halfAddress = arrays.allocate(count * Short.BYTES, Purpose.OTHER, "halves");
          addresses.addAll(List.of(address, halfAddress));
          staging.toDevice(HostArray.f32(source), address);
          staging.toDevice(HostArray.bf16(half), halfAddress);
          Arrays.fill(source, -1); // allowed as soon as toDevice returns
          Arrays.fill(half, (short) -1);
        }
        List<FloatBuffer> targets = new ArrayList<>();
        List<ShortBuffer> halfTargets = new ArrayList<>();
        for (int i = 0; i < COUNTS.length; i++) {
          // Within a larger buffer; the rest of it must not change.
          targets.add(FloatBuffer.allocate(COUNTS[i] + 2));
          halfTargets.add(ShortBuffer.allocate(COUNTS[i]));
          staging.toHost(addresses.get(2 * i), HostArray.f32(targets.get(i).slice(1, COUNTS[i])));
          staging.toHost(addresses.get(2 * i + 1), HostArray.f16(halfTargets.get(i)));
        }
        staging.finish();
        for (int i = 0; i < COUNTS.length; i++) {
          float[] got = targets.get(i).array();
          assertArrayEquals(sources.get(i), Arrays.copyOfRange(got, 1, COUNTS[i] + 1));
          assertEquals(0, got[0]);
          assertEquals(0, got[COUNTS[i] + 1]);
          assertArrayEquals(halves.get(i), halfTargets.get(i).array());
        }
      }
      device.driver().synchronize(device.stream());
    }
  }

  /** Records the order of calls. */
  private static final class Recorder extends ForwardingDriver {
    final List<String> calls = new ArrayList<>();

    Recorder(CudaDriver driver) {
      super(driver);
    }

    @Override
    public void enqueueToDevice(long target, ByteBuffer source, CudaStream stream) {
      calls.add("copy " + source.remaining());
      super.enqueueToDevice(target, source, stream);
    }

    @Override
    public void enqueueToHost(ByteBuffer target, long source, CudaStream stream) {
      calls.add("copy " + target.remaining());
      super.enqueueToHost(target, source, stream);
    }

    @Override
    public OrderingEvent createOrderingEvent() {
      OrderingEvent event = super.createOrderingEvent();
      return new OrderingEvent() {
        @Override
        public void record(CudaStream stream) {
          calls.add("record");
          event.record(stream);
        }

        @Override
        public void delay(CudaStream stream) {
          throw new AssertionError("not needed");
        }

        @Override
        public void await() {
          calls.add("await");
          event.await();
        }

        @Override
        public void destroy() {
          event.destroy();
        }
      };
    }

    List<String> take() {
      List<String> taken = List.copyOf(calls);
      calls.clear();
      return taken;
    }
  }

  @Test
  void shouldKeepOneCopyRunningWhileTheHostFillsTheOtherBuffer() {
    try (TestDevice device = TestDevice.open();
        DeviceArrays arrays = new DeviceArrays(device.driver(), device.stream())) {
      Recorder recorder = new Recorder(device.driver());
      Staging staging = new Staging(recorder, device.stream(), arrays, 64);
      long address = arrays.allocate(256, Purpose.OTHER, "floats");
      HostArray array = HostArray.f32(new float[64]);
      staging.toDevice(array, address);
      String pair = "copy 64, record, await, ";
      assertEquals(
          "copy 64, record, copy 64, record, await, copy 64, record, await, copy 64",
          String.join(", ", recorder.take()));
      staging.toHost(address, array);
      staging.finish();
      assertEquals(
          "record, await, " + pair.repeat(3) + "copy 64, record, await, await",
          String.join(", ", recorder.take()));
    }
  }

  @Test
  void shouldPutSmallArraysIntoOneBuffer() {
    try (TestDevice device = TestDevice.open();
        DeviceArrays arrays = new DeviceArrays(device.driver(), device.stream())) {
      Recorder recorder = new Recorder(device.driver());
      Staging staging = new Staging(recorder, device.stream(), arrays, 192);
      long address = arrays.allocate(256, Purpose.OTHER, "floats");
      float[] two = {1, 2};
      for (int i = 0; i < 3; i++) {
        staging.toDevice(HostArray.f32(two), address + 64 * i);
      }
      assertEquals("copy 8, copy 8, copy 8", String.join(", ", recorder.take()));
      staging.finish();
    }
  }
}
