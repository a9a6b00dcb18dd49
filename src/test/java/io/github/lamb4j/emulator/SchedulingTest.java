package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Schedules are reproducible from a seed and do not change the results of a correct kernel. */
class SchedulingTest {

  /**
   * Persistent blocks take tiles by ticket. The last tile to arrive adds up all tiles and publishes
   * the sum. Every block waits for it: for a bounded time while tickets are left, then without
   * bound. Word 0 is the ticket, word 1 the arrivals, word 2 the flag; tiles start at word 16.
   */
  private static final String PERSISTENT =
      """

      .reg .pred %p<8>;
      .reg .b32 %r<32>;
      .reg .b64 %d<16>;
      .shared .align 4 .u32 next;
      .shared .align 4 .u32 seen;
      ld.param.u64 %d0, [out];
      mov.u32 %r1, %tid.x;
      setp.ne.u32 %p1, %r1, 0;
      Take:
      @%p1 bra Took;
      atom.relaxed.gpu.global.add.u32 %r2, [%d0], 1;
      st.shared.u32 [next], %r2;
      Took:
      bar.sync 0;
      ld.shared.u32 %r2, [next];
      setp.ge.u32 %p2, %r2, 20;
      @%p2 bra Wait;
      mad.lo.u32 %r3, %r2, 32, %r1;
      mul.wide.u32 %d1, %r3, 4;
      add.u64 %d1, %d1, %d0;
      st.global.u32 [%d1+64], %r3;
      bar.sync 0;
      @%p1 bra Take;
      atom.acq_rel.gpu.global.inc.u32 %r4, [%d0+4], 19;
      setp.ne.u32 %p3, %r4, 19;
      @%p3 bra Take;
      mov.u32 %r5, 0;
      mov.u32 %r6, 0;
      mov.u64 %d2, %d0;
      Sum:
      ld.global.u32 %r7, [%d2+64];
      add.u32 %r5, %r5, %r7;
      add.u64 %d2, %d2, 4;
      add.u32 %r6, %r6, 1;
      setp.lt.u32 %p3, %r6, 640;
      @%p3 bra Sum;
      st.release.gpu.global.u32 [%d0+8], %r5;
      bra Take;
      Wait:
      @%p1 bra Meet;
      Spin:
      ld.acquire.gpu.global.u32 %r8, [%d0+8];
      setp.ne.u32 %p3, %r8, 0;
      @%p3 bra Seen;
      nanosleep.u32 20;
      bra Spin;
      Seen:
      st.shared.u32 [seen], %r8;
      Meet:
      bar.sync 0;
      ld.shared.u32 %r8, [seen];
      mov.u32 %r9, %ctaid.x;
      mad.lo.u32 %r9, %r9, 32, %r1;
      mul.wide.u32 %d1, %r9, 4;
      add.u64 %d1, %d1, %d0;
      st.global.u32 [%d1+2624], %r8;
      ret;
      """;

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 9})
  void shouldLetBlocksWaitForEachOther(int grid) {
    for (long seed = 1; seed <= 20; seed++) {
      int[] values = Ptx.run(PERSISTENT, grid, 32, 656 + 32 * grid, seed);
      assertEquals(0, values[1]);
      for (int i = 0; i < 32 * grid; i++) assertEquals(640 * 639 / 2, values[656 + i]);
    }
  }

  @Test
  void shouldRepeatASchedule() {
    Set<Long> different = new HashSet<>();
    for (long seed = 1; seed <= 8; seed++) {
      long once = instructions(seed);
      assertEquals(once, instructions(seed));
      different.add(once);
    }
    assertTrue(different.size() > 1);
  }

  private static long instructions(long seed) {
    EmulatedDriver driver = new EmulatedDriver(EmulatedDevice.SMALL, seed);
    long out = Ptx.upload(driver, "output", new int[1000]);
    Ptx.launch(driver, Ptx.kernel(".param .u64 out", PERSISTENT), 4, 32, 0, Ptx.argument(out));
    return driver.lastLaunch().instructions();
  }

  @Test
  void shouldExposeDependenceOnTheSchedule() {
    // The order of tickets is not specified.
    String body =
        """

        .reg .b32 %r<4>;
        .reg .b64 %d<4>;
        ld.param.u64 %d0, [out];
        mov.u32 %r1, %ctaid.x;
        mul.wide.u32 %d1, %r1, 4;
        add.u64 %d1, %d1, %d0;
        atom.global.add.u32 %r2, [%d0+64], 1;
        st.global.u32 [%d1], %r2;
        ret;
        """;
    Set<String> orders = new HashSet<>();
    for (long seed = 1; seed <= 20; seed++) {
      orders.add(Arrays.toString(Ptx.run(body, 4, 1, 17, seed)));
    }
    assertTrue(orders.size() > 3, orders.toString());
  }

  @Test
  void shouldStartBlocksAsOthersEnd() {
    String body =
        """

        .reg .b32 %r<4>;
        .reg .b64 %d<4>;
        ld.param.u64 %d0, [out];
        mov.u32 %r1, %ctaid.x;
        mul.wide.u32 %d1, %r1, 4;
        add.u64 %d1, %d1, %d0;
        st.global.u32 [%d1], %r1;
        ret;
        """;
    int[] values = Ptx.run(body, 1000, 1, 1000, 1);
    assertArrayEquals(IntStream.range(0, 1000).toArray(), values);
  }
}
