using System.Diagnostics;
using StepDistill.Students;
using StepDistill.Training.Kernels;
using static TorchSharp.torch;
namespace StepDistill.Benchmarks;
internal static class Scratch {
  static double T(Action a) { a(); a(); var l = new List<double>(); for (int i=0;i<7;i++){ var s=Stopwatch.StartNew(); a(); l.Add(s.Elapsed.TotalMilliseconds);} l.Sort(); return l[3]; }
  public static void Steps(string name, string size, int batch) {
    var c = T5Sizes.Named("t5-v1_1-"+size); using var v = new Variant(name, c); var l = new List<double>();
    for (int i=0;i<10;i++){ var b=Workload.Batch(Environment.GetEnvironmentVariable("SAME")=="1"?0:i,batch,c); var s=Stopwatch.StartNew(); v.Step(b); l.Add(s.Elapsed.TotalSeconds);} 
    using var p = Process.GetCurrentProcess();
    Console.WriteLine($"{name} {size} {batch}: "+string.Join(" ", l.Select(x=>x.ToString("F2")))+$"  user {p.UserProcessorTime.TotalSeconds:F1} sys {p.PrivilegedProcessorTime.TotalSeconds:F1} peak {Machine.PeakMemory()/1e9:F2}");
  }
  public static void Run(string size) {
    Cores.Use(get_num_threads());
    using var ng = no_grad();
    var c = T5Sizes.Named("t5-v1_1-"+size);
    int HA = c.Heads*c.HeadWidth, D=c.Width, F=c.FeedForwardWidth;
    var batch = Workload.Batch(0, 64, c);
    var pb = StepDistill.Training.Packed.PackedBatch.Of(batch, c, new(1,1));
    int Te = pb.SourceIds.Length, Td = pb.TargetIds.Length;
    Console.WriteLine($"tokens enc {Te} dec {Td}");
    foreach (var dt in new[]{ScalarType.BFloat16, ScalarType.Float32}) {
      using var sc = NewDisposeScope();
      var k = CpuKernels.Of(dt);
      Tensor R(long a,long b)=> (randn(a,b)*0.3).to_type(dt);
      var x=R(Te,D); var y=R(Te,D); var qkv=R(Te,3*HA); var dqkv=empty_like(qkv); var o=R(Te,HA); var h2=R(Te,2*F); var h=R(Te,F);
      var wqkv=R(3*HA,D); var wo=R(D,HA); var wi=R(2*F,D); var wf=R(D,F); var gW=R(2*F,D);
      var scale=R(1,D).view(D); var ds=empty_like(scale); var inv=new float[Te];
      var drop = Dropout.Of(0.1, 7);
      double mm=0, pw=0;
      void P(string n, double ms, bool isMm, double gf=0){ if(isMm) mm+=ms; else pw+=ms; Console.WriteLine($"  {dt,-9} {n,-28} {ms,8:F2} ms {(gf>0? (gf/ms).ToString("F0")+" GFLOP/s":"")}"); }
      void MM(string n, Tensor W){ long o_=W.size(0), i_=W.size(1); var X=R(Te,i_); var Y=empty(Te,o_,dt); var G=R(Te,o_); var dX=empty(Te,i_,dt); var dW=zeros(o_,i_,dt); double gf=2.0*Te*o_*i_/1e6;
        P(n+" fwd", T(()=>{ using var t=W.t(); Y.addmm_(X,t,beta:0);}), true, gf);
        P(n+" dX", T(()=>{ dX.addmm_(G,W,beta:0);}), true, gf);
        P(n+" dW", T(()=>{ using var t=G.t(); dW.addmm_(t,X);}), true, gf); }
      MM("qkv", wqkv); MM("o", wo); MM("wi", wi); MM("wo", wf);
      P("norm fwd x2", 2*T(()=>k.Norm(x,scale,y,inv,1e-6)), false);
      P("norm bwd x2", 2*T(()=>k.NormBackward(y,x,scale,inv,o.numel()>0? x: x,ds,true)), false);
      P("adddrop fwd x2", 2*T(()=>k.AddDropped(x,y,y,drop)), false);
      P("adddrop bwd x2", 2*T(()=>k.AddDropped(null,x,y,drop)), false);
      P("activate fwd", T(()=>k.Activate(h2,h,c.FeedForward,drop)), false);
      P("activate recompute bwd", T(()=>k.ActivateBackward(h2,h,c.FeedForward,drop)), false);
      var at = new AttentionTensors(qkv,qkv,c.Heads,c.HeadWidth); var g = new AttentionTensors(dqkv,dqkv,c.Heads,c.HeadWidth);
      var bias = new DistanceBias(new float[32*c.Heads], c.Heads, new int[2*pb.SourceSpans.LongestKey-1]);
      P("attention fwd", T(()=>k.Attend(pb.SourceSpans, at, bias, o, drop)), false);
      P("attention bwd", T(()=>k.AttendBackward(pb.SourceSpans, at, bias, drop, o, g)), false);
      Console.WriteLine($"{dt} encoder layer: matmul {mm:F1} ms, rest {pw:F1} ms; x{c.EncoderBlocks} = {(mm+pw)*c.EncoderBlocks:F0} ms");
      var logits=R(512,c.VocabularySize); var L=new double[512]; var tg=new int[512]; var ww=new float[512];
      Console.WriteLine($"  {dt} CE 512 rows {T(()=>k.CrossEntropy(logits,tg,ww,L,0)):F1} ms of {(Td+511)/512} pieces");
      var H=R(512,D); var W2=R(c.VocabularySize,D); var dH=R(512,D); var dW2=zeros(c.VocabularySize,D,dt); double gfl=2.0*512*D*c.VocabularySize/1e6;
      var m1=T(()=>{using var t=W2.t(); logits.addmm_(H,t,beta:0);}); var m2=T(()=>dH.addmm_(logits,W2,beta:0)); var m3=T(()=>{using var t=logits.t(); dW2.addmm_(t,H);});
      Console.WriteLine($"  head fwd {m1:F1} ({gfl/m1:F0}) dH {m2:F1} ({gfl/m2:F0}) dW {m3:F1} ({gfl/m3:F0})");
      using var net = StepDistill.Training.Models.T5.T5Network.FromSeed(c,1); using var net2 = dt==ScalarType.BFloat16? net.In(dt): net;
      using var opt = new StepDistill.Training.Optimization.AdamW(net2.Memory, true);
      Console.WriteLine($"  optimizer step {T(()=>opt.Step(1e-4)):F1} ms, norm {T(()=>opt.GradientNorm()):F1} ms, params {c.WeightCount/1e6:F0}M");
    }
  }
}
