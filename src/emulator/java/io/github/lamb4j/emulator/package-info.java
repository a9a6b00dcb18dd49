/**
 * A PTX emulator: runs the committed kernels where there is no GPU, and checks what a GPU does not.
 *
 * <pre>
 * text       PtxLexer, PtxParser -> ParsedModule, Statement, Operand
 * binding    KernelBuilder, Operands -> Kernel: registers and variables in their places
 * table      Instructions and *Instructions: what each instruction does to the lanes of a warp
 * execution  Grid (blocks, schedule) -> Block (barriers) -> Warp (threads that part and meet)
 * memory     GlobalMemory, Allocation, Page; Access finds and checks what an address names
 * races      RaceDetector, Knowledge: happens-before among threads, by vector clocks
 * driver     EmulatedDriver, EmulatedDevice, DriverErrors; Contexts, Heap, Modules, Events
 * work       CommandExecutor does it and writes LaunchReports: at once or, if Captures records it, when a
 *            CapturedGraph is replayed
 * </pre>
 *
 * <p>Not modelled: events and graphs in captures, textures, calls of functions, tensor cores, bulk
 * copies and their barriers, half arithmetic beyond conversions, directed rounding of arithmetic.
 * All of these are errors, in PTX with their line. Streams do not overlap. Memory is sequentially
 * consistent; what a weaker order could do to a program shows as a race.
 */
package io.github.lamb4j.emulator;
