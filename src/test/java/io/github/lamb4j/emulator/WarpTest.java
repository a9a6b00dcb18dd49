package io.github.lamb4j.emulator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Collective operations and divergence: shuffles, votes, barriers, branches. */
class WarpTest {

  /** %r1 is the thread's index in the launch, %r2 its lane, %d1 the address of its result. */
  private static final String START =
      """

      .reg .pred %p<8>;
      .reg .b32 %r<32>;
      .reg .b64 %d<16>;
      ld.param.u64 %d0, [out];
      mov.u32 %r0, %ctaid.x;
      mov.u32 %r2, %ntid.x;
      mov.u32 %r1, %tid.x;
      mad.lo.u32 %r1, %r0, %r2, %r1;
      mov.u32 %r2, %laneid;
      mul.wide.u32 %d1, %r1, 4;
      add.u64 %d1, %d1, %d0;
      """;

  private static final String END = "\nst.global.u32 [%d1], %r9;\nret;\n";

  private static int[] warp(String body) {
    return Ptx.run(START + body + END, 1, 32, 32, 1);
  }

  private static int[] lanes(java.util.function.IntUnaryOperator f) {
    return IntStream.range(0, 32).map(f).toArray();
  }

  @ParameterizedTest
  @CsvSource({"down, 3, 31", "up, 3, 0", "bfly, 5, 31", "idx, 7, 31"})
  void shouldShuffle(String mode, int by, int clamp) {
    String shuffle = "shfl.sync.%s.b32 %%r9|%%p1, %%r2, %d, %d, -1;\n".formatted(mode, by, clamp);
    int[] values = warp(shuffle);
    int[] ranges = warp(shuffle + "selp.u32 %r9, 1, 0, %p1;\n");
    int[] expected =
        lanes(
            lane ->
                switch (mode) {
                  case "down" -> lane + by < 32 ? lane + by : lane;
                  case "up" -> lane - by >= 0 ? lane - by : lane;
                  case "bfly" -> lane ^ by;
                  default -> by;
                });
    assertArrayEquals(expected, values);
    assertArrayEquals(
        lanes(
            lane ->
                mode.equals("down") && lane + by > 31 || mode.equals("up") && lane < by ? 0 : 1),
        ranges);
  }

  @Test
  void shouldShuffleWithinSegmentsOfEight() {
    // c holds the segment mask 24 in bits 8 to 12 and the clamp 7
    int[] values = warp("shfl.sync.down.b32 %r9, %r2, 2, 0x1807, -1;\n");
    assertArrayEquals(lanes(lane -> lane % 8 + 2 < 8 ? lane + 2 : lane), values);
    values = warp("shfl.sync.idx.b32 %r9, %r2, 1, 0x181f, -1;\n");
    assertArrayEquals(lanes(lane -> lane / 8 * 8 + 1), values);
  }

  @Test
  void shouldVote() {
    String odd = "and.b32 %r3, %r2, 1;\nsetp.ne.u32 %p1, %r3, 0;\n";
    assertArrayEquals(
        lanes(lane -> 0xaaaaaaaa), warp(odd + "vote.sync.ballot.b32 %r9, %p1, -1;\n"));
    String select = "selp.u32 %r9, 1, 0, %p2;\n";
    assertArrayEquals(lanes(l -> 1), warp(odd + "vote.sync.any.pred %p2, %p1, -1;\n" + select));
    assertArrayEquals(lanes(l -> 0), warp(odd + "vote.sync.all.pred %p2, %p1, -1;\n" + select));
    assertArrayEquals(lanes(l -> 0), warp(odd + "vote.sync.uni.pred %p2, %p1, -1;\n" + select));
  }

  @Test
  void shouldMatchAndReduce() {
    String pair = "shr.u32 %r3, %r2, 1;\n";
    assertArrayEquals(
        lanes(lane -> 3 << lane / 2 * 2), warp(pair + "match.any.sync.b32 %r9, %r3, -1;\n"));
    assertArrayEquals(lanes(lane -> 0), warp(pair + "match.all.sync.b32 %r9|%p1, %r3, -1;\n"));
    assertArrayEquals(lanes(lane -> 496), warp("redux.sync.add.u32 %r9, %r2, -1;\n"));
  }

  /** Every lane loops as often as its number; the lanes reconverge for the shuffle. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void shouldReconvergeAfterDivergence(long seed) {
    String body =
        START
            + """
            mov.u32 %r3, 0;
            mov.u32 %r4, 0;
            Loop:
            setp.ge.u32 %p1, %r3, %r2;
            @%p1 bra Done;
            add.u32 %r3, %r3, 1;
            add.u32 %r4, %r4, %r3;
            bra Loop;
            Done:
            shfl.sync.down.b32 %r9, %r4, 1, 31, -1;
            """
            + END;
    int[] sums = Ptx.run(body, 2, 64, 128, seed);
    for (int i = 0; i < 128; i++) {
      int lane = i % 32;
      int source = lane == 31 ? 31 : lane + 1;
      assertEquals(source * (source + 1) / 2, sums[i]);
    }
  }

  @Test
  void shouldLetLanesOfOneWarpWaitForEachOther() {
    // Lane 0 spins on a store of lane 31: the group at the lower line must not starve the other.
    String body =
        START
            + """
            setp.ne.u32 %p1, %r2, 0;
            @%p1 bra Others;
            Spin:
            ld.acquire.gpu.global.u32 %r9, [%d0+124];
            setp.eq.u32 %p2, %r9, 0;
            @%p2 bra Spin;
            bra End;
            Others:
            mov.u32 %r9, 5;
            setp.eq.u32 %p2, %r2, 31;
            @%p2 st.release.gpu.global.u32 [%d0+124], %r9;
            @%p2 ret;
            End:
            """
            + END;
    int[] values = Ptx.run(body, 1, 32, 32, 3);
    assertArrayEquals(lanes(lane -> 5), values);
  }

  @Test
  void shouldRunTwoHalvesOfAWarpIndependently() {
    String body =
        """
        setp.lt.u32 %p1, %r2, 16;
        selp.b32 %r3, 0xffff, 0xffff0000, %p1;
        @%p1 bra Low;
        shfl.sync.bfly.b32 %r9, %r2, 1, 31, %r3;
        bra End;
        Low:
        shfl.sync.bfly.b32 %r9, %r2, 8, 31, %r3;
        End:
        """;
    assertArrayEquals(lanes(lane -> lane < 16 ? lane ^ 8 : lane ^ 1), warp(body));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void shouldOrderSharedMemoryByBarriers(long seed) {
    String body =
        START
            + """
            .shared .align 4 .b8 values[512];
            mov.u32 %r3, %tid.x;
            shl.b32 %r4, %r3, 2;
            mov.u32 %r5, values;
            add.u32 %r5, %r5, %r4;
            st.shared.u32 [%r5], %r3;
            bar.sync 0;
            xor.b32 %r6, %r4, 508;
            mov.u32 %r7, values;
            add.u32 %r7, %r7, %r6;
            ld.shared.u32 %r9, [%r7];
            """
            + END;
    int[] values = Ptx.run(body, 3, 128, 384, seed);
    for (int i = 0; i < values.length; i++) assertEquals(127 - i % 128, values[i]);
  }

  @Test
  void shouldSeparateWarpsByNamedBarriers() {
    // Warps 0 and 1 use barrier 1, warps 2 and 3 barrier 2; producers arrive without waiting.
    String body =
        START
            + """
            .shared .align 4 .u32 boxes[2];
            mov.u32 %r3, %warpid;
            shr.u32 %r4, %r3, 1;
            add.u32 %r5, %r4, 1;
            shl.b32 %r6, %r4, 2;
            mov.u32 %r7, boxes;
            add.u32 %r7, %r7, %r6;
            and.b32 %r8, %r3, 1;
            setp.eq.u32 %p1, %r8, 1;
            @%p1 bra Consume;
            setp.eq.u32 %p2, %r2, 0;
            add.u32 %r9, %r5, 40;
            @%p2 st.shared.u32 [%r7], %r9;
            barrier.arrive %r5, 64;
            bra End;
            Consume:
            barrier.sync %r5, 64;
            ld.shared.u32 %r9, [%r7];
            End:
            """
            + END;
    int[] values = Ptx.run(body, 1, 128, 128, 2);
    for (int i = 0; i < 128; i++) assertEquals(i < 64 ? 41 : 42, values[i]);
  }

  @Test
  void shouldCountVotesAtBarriers() {
    String body =
        START
            + """
            mov.u32 %r3, %tid.x;
            setp.lt.u32 %p1, %r3, 10;
            bar.red.popc.u32 %r9, 0, %p1;
            bar.red.or.pred %p2, 0, %p1;
            bar.red.and.pred %p3, 0, %p1;
            @%p2 add.u32 %r9, %r9, 100;
            @%p3 add.u32 %r9, %r9, 1000;
            """
            + END;
    assertTrue(IntStream.of(Ptx.run(body, 2, 96, 192, 4)).allMatch(v -> v == 110));
  }

  @Test
  void shouldBranchByIndex() {
    String body =
        """
        and.b32 %r3, %r2, 3;
        Table: .branchtargets A, B, A, C;
        brx.idx %r3, Table;
        A:
        mov.u32 %r9, 1;
        bra End;
        B:
        mov.u32 %r9, 2;
        bra End;
        C:
        mov.u32 %r9, 3;
        End:
        """;
    assertArrayEquals(lanes(lane -> new int[] {1, 2, 1, 3}[lane % 4]), warp(body));
  }

  @Test
  void shouldProvideSpecialRegisters() {
    String body =
        START
            + """
            mov.u32 %r3, %nctaid.x;
            mov.u32 %r4, %warpid;
            mov.u32 %r5, %nwarpid;
            mov.u32 %r6, %lanemask_lt;
            popc.b32 %r6, %r6;
            mul.lo.u32 %r9, %r3, 1000;
            mad.lo.u32 %r9, %r4, 100, %r9;
            mad.lo.u32 %r9, %r5, 10000, %r9;
            add.u32 %r9, %r9, %r6;
            """
            + END;
    int[] values = Ptx.run(body, 3, 50, 150, 1);
    for (int i = 0; i < 150; i++) {
      int thread = i % 50;
      assertEquals(20000 + 3000 + thread / 32 * 100 + thread % 32, values[i]);
    }
  }
}
