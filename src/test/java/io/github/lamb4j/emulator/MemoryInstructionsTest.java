package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.lamb4j.internal.cuda.driver.Purpose;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Loads, stores and atomics in every space. */
class MemoryInstructionsTest {

  private static final String START =
      """

      .reg .pred %p<8>;
      .reg .b16 %h<8>;
      .reg .b32 %r<32>;
      .reg .b64 %d<16>;
      ld.param.u64 %d0, [out];
      mov.u32 %r1, %tid.x;
      mul.wide.u32 %d1, %r1, 4;
      add.u64 %d1, %d1, %d0;
      """;

  private static int[] one(String body, int count) {
    return Ptx.run(START + body + "\nret;\n", 1, 1, count, 1);
  }

  @ParameterizedTest
  @CsvSource({
    "ld.global.u8 %r2, 000000f0",
    "ld.global.s8 %r2, fffffff0",
    "ld.global.u16 %r2, 0000e1f0",
    "ld.global.s16 %r2, ffffe1f0",
    "ld.global.b32 %r2, c3d2e1f0",
    "ld.global.L1::no_allocate.L2::128B.u32 %r2, c3d2e1f0",
    "ld.global.cs.u32 %r2, c3d2e1f0",
    "ld.global.f32 %r2, c3d2e1f0",
    "ld.volatile.global.f32 %r2, c3d2e1f0",
    "ld.volatile.global.u32 %r2, c3d2e1f0",
    "ld.weak.global.ca.u32 %r2, c3d2e1f0",
    "ld.relaxed.sys.global.u32 %r2, c3d2e1f0",
    "ld.u32 %r2, c3d2e1f0"
  })
  void shouldExtendLoadedValues(String load, String expected) {
    int[] values =
        one(
            "st.global.u32 [%d0], 0xc3d2e1f0;\n" + load + ", [%d0];\nst.global.u32 [%d0+4], %r2;",
            2);
    assertEquals((int) Long.parseLong(expected, 16), values[1]);
  }

  @ParameterizedTest
  @CsvSource({
    "st.global.u8, 11111178", "st.global.wt.u16, 11115678",
        "st.global.cg.L2::evict_last.u32, 12345678",
    "st.volatile.global.u32, 12345678", "st.relaxed.cta.global.u32, 12345678", "st.u32, 12345678"
  })
  void shouldStoreTheLowBytes(String store, String expected) {
    int[] values =
        one(
            "st.global.u32 [%d0], 0x11111111;\nmov.u32 %r2, 0x12345678;\n" + store + " [%d0], %r2;",
            1);
    assertEquals((int) Long.parseLong(expected, 16), values[0]);
  }

  @Test
  void shouldMoveVectors() {
    int[] values =
        one(
            """
            st.global.v4.u32 [%d0], {1, 2, 3, 4};
            ld.global.v2.u64 {%d2, %d3}, [%d0];
            st.global.v2.u64 [%d0+16], {%d3, %d2};
            ld.global.v4.u16 {%h1, %h2, %h3, %h4}, [%d0+16];
            st.global.v2.u16 [%d0+32], {%h3, %h1};
            ld.global.v2.u32 {%r2, %r3}, [%d0+8];
            st.global.v2.u32 [%d0+40], {%r3, %r2};
            ld.global.cs.v4.u16 {%h5, %h6, %h7, %h4}, [%d0+40];
            st.global.cs.v4.u16 [%d0+48], {%h7, %h6, %h5, %h1};
            st.global.wt.v4.u16 [%d0+56], {%h5, %h5, %h5, %h7};
            st.global.u16 [%d0+36], %h1;
            st.global.u16 [%d0+38], %h7;
            """,
            16);
    int[] expected = {
      1,
      2,
      3,
      4,
      3,
      4,
      1,
      2,
      4 | 3 << 16,
      3 | 3 << 16,
      4,
      3,
      3,
      4 | 3 << 16,
      4 | 4 << 16,
      4 | 3 << 16
    };
    assertArrayEquals(expected, values);
  }

  @Test
  void shouldPackAndUnpackRegisters() {
    int[] values =
        one(
            """
            mov.b64 %d2, {7, 8};
            mov.b64 {%r2, %r3}, %d2;
            mov.b32 {%h1, %h2}, 0x00050006;
            mov.b32 %r4, {%h2, %h1};
            mov.b64 {_, %r5}, %d2;
            st.global.v4.u32 [%d0], {%r2, %r3, %r4, %r5};
            """,
            4);
    assertArrayEquals(new int[] {7, 8, 0x00060005, 8}, values);
  }

  @Test
  void shouldAccessEverySpaceThroughGenericAddresses() {
    int[] values =
        one(
            """
            .shared .align 8 .u32 box;
            .local .align 8 .b8 depot[16];
            mov.u64 %d2, box;
            cvta.shared.u64 %d3, %d2;
            st.u32 [%d3], 5;
            ld.shared.u32 %r2, [box];
            mov.u64 %d4, depot;
            cvta.local.u64 %d5, %d4;
            st.u32 [%d5+8], 6;
            ld.local.u32 %r3, [depot+8];
            isspacep.shared %p1, %d3;
            isspacep.shared %p2, %d5;
            isspacep.global %p3, %d0;
            selp.u32 %r4, 1, 0, %p1;
            @%p2 add.u32 %r4, %r4, 10;
            @%p3 add.u32 %r4, %r4, 100;
            cvta.to.shared.u64 %d6, %d3;
            ld.shared.u32 %r5, [%d6];
            st.global.v4.u32 [%d0], {%r2, %r3, %r4, %r5};
            """,
            4);
    assertArrayEquals(new int[] {5, 6, 101, 5}, values);
  }

  @Test
  void shouldKeepLocalMemoryPerThread() {
    String body =
        START
            + """
            .local .align 4 .b8 depot[4];
            st.local.u32 [depot], %r1;
            bar.sync 0;
            ld.local.u32 %r2, [depot];
            st.global.u32 [%d1], %r2;
            ret;
            """;
    assertArrayEquals(IntStream.range(0, 64).toArray(), Ptx.run(body, 1, 64, 64, 1));
  }

  @Test
  void shouldReadStructureParameters() {
    EmulatedDriver driver = new EmulatedDriver();
    long out = Ptx.upload(driver, "output", new int[4]);
    byte[] ptx =
        Ptx.kernel(
            ".param .u32 first, .param .align 8 .b8 block[24], .param .f32 last",
            """

            .reg .b32 %r<8>;
            .reg .b64 %d<8>;
            ld.param.u64 %d0, [block];
            ld.param.v2.u32 {%r1, %r2}, [block+8];
            mov.b64 %d1, block;
            ld.param.u32 %r3, [%d1+16];
            cvta.param.u64 %d2, %d1;
            ld.u32 %r4, [%d2+20];
            add.u32 %r4, %r4, %r3;
            ld.param.b32 %r5, [last];
            st.global.v4.u32 [%d0], {%r1, %r2, %r4, %r5};
            ret;
            """);
    ByteBuffer block = Ptx.buffer(24);
    block.putLong(0, out).putInt(8, 1).putInt(12, 2).putInt(16, 3).putInt(20, 4);
    Ptx.launch(driver, ptx, 1, 1, 0, Ptx.argument(9), block, Ptx.buffer(4).putFloat(0, 1));
    assertArrayEquals(new int[] {1, 2, 7, 0x3f800000}, Ptx.download(driver, out, 4));
  }

  @Test
  void shouldSupportModuleVariables() {
    EmulatedDriver driver = new EmulatedDriver();
    long out = Ptx.upload(driver, "output", new int[3]);
    byte[] ptx =
        Ptx.module(
            """
            .const .align 4 .u32 table[3] = {10, 20, 30};
            .global .align 4 .u32 counter = 5;
            .global .align 8 .f64 zeros[2];
            .visible .entry test(.param .u64 out) {
            .reg .b32 %r<8>;
            .reg .b64 %d<8>;
            ld.param.u64 %d0, [out];
            ld.const.u32 %r1, [table+4];
            atom.global.add.u32 %r2, [counter], 1;
            mov.u64 %d1, counter;
            ld.global.u32 %r3, [%d1];
            st.global.u32 [%d0], %r1;
            st.global.u32 [%d0+4], %r2;
            st.global.u32 [%d0+8], %r3;
            ld.global.f64 %d2, [zeros+8];
            ret;
            }
            """);
    Ptx.launch(driver, ptx, 1, 1, 0, Ptx.argument(out));
    assertArrayEquals(new int[] {20, 5, 6}, Ptx.download(driver, out, 3));
  }

  @Test
  void shouldPlaceDynamicSharedMemory() {
    EmulatedDriver driver = new EmulatedDriver();
    long out = Ptx.upload(driver, "output", new int[64]);
    byte[] ptx =
        Ptx.module(
            """
            .extern .shared .align 16 .b8 ring[];
            .visible .entry test(.param .u64 out) {
            """
                + START
                + """
                .shared .align 4 .u32 fixed;
                mov.u32 %r2, ring;
                and.b32 %r3, %r2, 15;
                shl.b32 %r4, %r1, 2;
                add.u32 %r4, %r4, %r2;
                add.u32 %r5, %r1, %r3;
                st.shared.u32 [%r4], %r5;
                ld.shared.u32 %r6, [%r4];
                st.global.u32 [%d1], %r6;
                ret;
                }
                """);
    Ptx.launch(driver, ptx, 1, 64, 256, Ptx.argument(out));
    assertArrayEquals(IntStream.range(0, 64).toArray(), Ptx.download(driver, out, 64));
    assertThrows(
        EmulatorException.class, () -> Ptx.launch(driver, ptx, 1, 64, 252, Ptx.argument(out)));
  }

  @Test
  void shouldCopyAsynchronously() {
    String body =
        START
            + """
            .shared .align 16 .b8 values[1024];
            mov.u32 %r2, values;
            shl.b32 %r3, %r1, 4;
            add.u32 %r2, %r2, %r3;
            mul.wide.u32 %d2, %r1, 16;
            add.u64 %d2, %d2, %d0;
            st.global.v4.u32 [%d2], {%r1, 1, 2, 3};
            cp.async.cg.shared.global [%r2], [%d2], 16, 8;
            cp.async.commit_group;
            cp.async.wait_all;
            bar.sync 0;
            xor.b32 %r3, %r3, 16;
            mov.u32 %r2, values;
            add.u32 %r2, %r2, %r3;
            ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r2];
            st.global.v4.u32 [%d2], {%r4, %r5, %r6, %r7};
            ret;
            """;
    int[] values = Ptx.run(body, 1, 32, 128, 1);
    for (int i = 0; i < 32; i++) {
      assertArrayEquals(new int[] {i ^ 1, 1, 0, 0}, Arrays.copyOfRange(values, 4 * i, 4 * i + 4));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "add.u32, 7, fffffffe, 5",
    "add.s32, ffffffff, 1, 0",
    "exch.b32, 7, 9, 9",
    "and.b32, c, a, 8",
    "or.b32, c, a, e",
    "xor.b32, c, a, 6",
    "min.u32, ffffffff, 1, 1",
    "min.s32, ffffffff, 1, ffffffff",
    "max.u32, ffffffff, 1, ffffffff",
    "max.s32, ffffffff, 1, 1",
    "inc.u32, 4, 5, 5",
    "inc.u32, 5, 5, 0",
    "inc.u32, 6, 5, 0",
    "dec.u32, 4, 5, 3",
    "dec.u32, 0, 5, 5",
    "dec.u32, 6, 5, 5",
    "add.f32, 3f800000, 40000000, 40400000",
    "cas.b32 7, 7, 9, 9",
    "cas.b32 6, 7, 9, 7"
  })
  void shouldUpdateAtomically(String update, String before, String operand, String after) {
    String[] parts = update.split(" ");
    String compare = parts.length == 2 ? ", " + parts[1] : "";
    int old = (int) Long.parseLong(before, 16);
    String value = update.endsWith("f32") ? "0f" + operand : "0x" + operand;
    int[] values =
        one(
            """
            st.global.u32 [%%d0], %s;
            atom.acq_rel.gpu.global.%s %%r2, [%%d0]%s, %s;
            st.global.u32 [%%d0+4], %%r2;"""
                .formatted("0x" + before, parts[0], compare, value),
            2);
    assertEquals((int) Long.parseLong(after, 16), values[0]);
    assertEquals(old, values[1]);
    if (parts.length == 2 || update.startsWith("exch")) return;
    values =
        one(
            "st.global.u32 [%%d0], %s;\nred.relaxed.sys.global.%s [%%d0], %s;"
                .formatted("0x" + before, update, value),
            1);
    assertEquals((int) Long.parseLong(after, 16), values[0]);
  }

  @Test
  void shouldUpdateLongsAtomically() {
    int[] values =
        one(
            """
            mov.u64 %d2, 0xffffffff;
            st.global.u64 [%d0], %d2;
            atom.global.add.u64 %d3, [%d0], 1;
            atom.global.max.s64 %d3, [%d0], -1;
            atom.global.cas.b64 %d3, [%d0], 0x100000000, 0x500000006;
            st.global.u64 [%d0+8], %d3;
            st.global.f64 [%d0+16], 0d3ff0000000000000;
            red.global.add.f64 [%d0+16], 0d3ff0000000000000;
            """,
            6);
    assertArrayEquals(new int[] {6, 5, 0, 1, 0, 0x40000000}, values);
  }

  /** As libcu++ writes them: the memory order and the scope after the operation. */
  @Test
  void shouldTakeTheOrderAfterTheOperation() {
    int[] values =
        one(
            """
            atom.add.relaxed.gpu.s32 %r2, [%d0], 3;
            atom.cas.acq_rel.sys.b32 %r2, [%d0], 3, 4;
            atom.exch.release.cta.b32 %r2, [%d0+4], 5;
            atom.max.acquire.gpu.s64 %d3, [%d0+8], 6;
            """,
            4);
    assertArrayEquals(new int[] {4, 5, 6, 0}, values);
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3"})
  void shouldCountAtomicallyAcrossBlocks(long seed) {
    String body =
        START
            + """
            .shared .align 4 .u32 sum;
            setp.ne.u32 %p1, %r1, 0;
            @!%p1 st.shared.u32 [sum], 0;
            bar.sync 0;
            atom.shared.add.u32 %r2, [sum], %r1;
            bar.sync 0;
            @%p1 ret;
            ld.shared.u32 %r3, [sum];
            red.global.add.u32 [%d0], %r3;
            ret;
            """;
    assertEquals(5 * 64 * 63 / 2, Ptx.run(body, 5, 64, 1, seed)[0]);
  }

  @Test
  void shouldCountBytesOfEveryAllocation() {
    EmulatedDriver driver = new EmulatedDriver();
    long a = Ptx.upload(driver, "a", new int[64]);
    long b = driver.allocate(1024, Purpose.WEIGHTS, "b");
    byte[] ptx =
        Ptx.kernel(
            ".param .u64 out, .param .u64 b",
            START
                + """
                ld.param.u64 %d2, [b];
                mul.wide.u32 %d3, %r1, 16;
                add.u64 %d2, %d2, %d3;
                ld.global.u32 %r2, [%d1];
                setp.lt.u32 %p1, %r1, 10;
                @%p1 st.global.v4.u32 [%d2], {%r2, %r2, %r2, %r2};
                atom.global.add.u32 %r2, [%d1], 1;
                ret;
                """);
    Ptx.launch(driver, ptx, 1, 64, 0, Ptx.argument(a), Ptx.argument(b));
    LaunchReport report = driver.lastLaunch();
    assertEquals("test", report.kernel());
    assertEquals(64 * 12, report.instructions());
    assertEquals(64, report.atomics());
    assertEquals(Map.of(Purpose.OTHER, 256L), report.loaded());
    assertEquals(Map.of(Purpose.OTHER, 256L, Purpose.WEIGHTS, 160L), report.stored());
    assertTrue(report.bytesLoaded() == 256 && report.bytesStored() == 416);
  }
}
