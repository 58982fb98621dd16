// Written by tests/tools/generate_clr_event_table.ts; not edited by hand.

/**
 * Payload schemas of the runtime's native providers, one line per fact:
 *
 * - `P provider`: what follows belongs to it
 * - `K word=mask,…`: keywords
 * - `M name flags|values value=text,…`: bit set or enumeration; in a bit set
 *   `mask/value=text` is an enumeration of the bits of the mask
 * - `E id version name display opcode fields`: event; display `=` is the name,
 *   fields `-` is none, a leading `+` stands for those of the version before;
 *   a field is `name:type@map*count`, a type in braces has members, a count is a
 *   number or an earlier field
 */
export const CLR_EVENT_TABLE: string = `
P Microsoft-Windows-DotNETRuntime
K GC=0x1,GCHandle=0x2,Fusion=0x4,Loader=0x8,Jit=0x10,NGen=0x20,StartEnumeration=0x40,EndEnumeration=0x80,Security=0x400,AppDomainResourceManagement=0x800,JitTracing=0x1000,Interop=0x2000,Contention=0x4000,Exception=0x8000,Threading=0x10000,JittedMethodILToNativeMap=0x20000,OverrideAndSuppressNGenEvents=0x40000,Type=0x80000,GCHeapDump=0x100000,GCSampledObjectAllocationHigh=0x200000,GCHeapSurvivalAndMovement=0x400000,GCHeapCollect=0x800000,GCHeapAndTypeNames=0x1000000,GCSampledObjectAllocationLow=0x2000000,PerfTrack=0x20000000,Stack=0x40000000,ThreadTransfer=0x80000000,Debugger=0x100000000,Compilation=0x1000000000,CompilationDiagnostic=0x2000000000,MethodDiagnostic=0x4000000000,TypeDiagnostic=0x8000000000,AllocationSampling=0x80000000000
M GCSegmentTypeMap values 0=SmallObjectHeap,1=LargeObjectHeap,2=ReadOnlyHeap,3=PinnedObjectHeap
M GCAllocationKindMap values 0=Small,1=Large,2=Pinned
M GCTypeMap values 0=NonConcurrentGC,1=BackgroundGC,2=ForegroundGC
M GCReasonMap values 0=AllocSmall,1=Induced,2=LowMemory,3=Empty,4=AllocLarge,5=OutOfSpaceSmallObjectHeap,6=OutOfSpaceLargeObjectHeap,7=InducedNoForce,8=Stress,9=InducedLowMemory,10=InducedCompacting,11=LowMemoryHost,12=PMFullGC,13=LowMemoryHostBlocking
M GCSuspendEEReasonMap values 0=SuspendOther,1=SuspendForGC,2=SuspendForAppDomainShutdown,3=SuspendForCodePitching,4=SuspendForShutdown,5=SuspendForDebugger,6=SuspendForGCPrep,7=SuspendForDebuggerSweep
M ContentionFlagsMap values 0=Managed,1=Native
M TailCallTypeMap values 0=Optimized,1=Recursive,2=Helper
M ThreadAdjustmentReasonMap values 0=Warmup,1=Initializing,2=RandomMove,3=ClimbingMove,4=ChangePoint,5=Stabilizing,6=Starvation,7=ThreadTimedOut,8=CooperativeBlocking
M GCRootKindMap values 0=Stack,1=Finalizer,2=Handle,3=Other
M GCHandleKindMap values 0=WeakShortMessage,1=WeakLongMessage,2=StrongMessage,3=PinnedMessage,4=VariableMessage,5=RefCountedMessage,6=DependentMessage,7=AsyncPinnedMessage,8=SizedRefMessage
M ModuleRangeTypeMap flags 4=ColdRangeMessage
M AppDomainFlagsMap flags 1=Default,2=Executable,4=Shared
M AssemblyFlagsMap flags 1=DomainNeutral,2=Dynamic,4=Native,8=Collectible,16=ReadyToRun
M ModuleFlagsMap flags 1=DomainNeutral,2=Native,4=Dynamic,8=Manifest,16=IbcOptimized,32=ReadyToRunModule,64=PartialReadyToRunModule
M MethodFlagsMap flags 1=Dynamic,2=Generic,4=HasSharedGenericCode,8=Jitted,16=JitHelper,32=ProfilerRejectedPrecompiledCode,64=ReadyToRunRejectedPrecompiledCode,896/128=MinOptJitted,896/256=Optimized,896/384=QuickJitted,896/512=OptimizedTier1,896/640=OptimizedTier1OSR,896/768=QuickJittedInstrumented,896/896=OptimizedTier1Instrumented,4026531840/268435456=ColdSection
M StartupModeMap flags 1=ManagedExe,2=HostedCLR,4=IjwDll,8=ComActivated,16=Other
M RuntimeSkuMap flags 1=DesktopCLR,2=CoreCLR
M ExceptionThrownFlagsMap flags 1=HasInnerException,2=Nested,4=ReThrown,8=CorruptedState,16=CLSCompliant
M ILStubGeneratedFlagsMap flags 1=ReverseInterop,2=COMInterop,4=NGenedStub,8=Delegate,16=VarArg,32=UnmanagedCallee
M StartupFlagsMap flags 1=CONCURRENT_GC,2=LOADER_OPTIMIZATION_SINGLE_DOMAIN,4=LOADER_OPTIMIZATION_MULTI_DOMAIN,16=LOADER_SAFEMODE,256=LOADER_SETPREFERENCE,4096=SERVER_GC,8192=HOARD_GC_VM,16384=SINGLE_VERSION_HOSTING_INTERFACE,65536=LEGACY_IMPERSONATION,131072=DISABLE_COMMITTHREADSTACK,262144=ALWAYSFLOW_IMPERSONATION,524288=TRIM_GC_COMMIT,1048576=ETW,2097152=SERVER_BUILD,4194304=ARM
M TypeFlagsMap flags 1=Delegate,2=Finalizable,4=ExternallyImplementedCOMObject,8=Array
M GCRootFlagsMap flags 1=Pinning,2=WeakRef,4=Interior,8=RefCounted
M GCRootStaticVarFlagsMap flags 1=ThreadLocal
M GCRootCCWFlagsMap flags 1=Strong,2=Pegged
M ThreadFlagsMap flags 1=GCSpecial,2=Finalizer,4=ThreadPoolWorker
M GCGlobalMechanismsMap flags 1=Concurrent,2=Compaction,4=Promotion,8=Demotion,16=CardBundles
E 1 0 GCStart GC/Start 1 Count:u32,Reason:u32@GCReasonMap
E 1 1 GCStart GC/Start 1 Count:u32,Depth:u32,Reason:u32@GCReasonMap,Type:u32@GCTypeMap,ClrInstanceID:u16
E 1 2 GCStart GC/Start 1 +ClientSequenceNumber:u64
E 2 0 GCEnd GC/Stop 2 Count:u32,Depth:u16
E 2 1 GCEnd GC/Stop 2 Count:u32,Depth:u32,ClrInstanceID:u16
E 3 0 GCRestartEEEnd GC/RestartEEStop 132 -
E 3 1 GCRestartEEEnd GC/RestartEEStop 132 ClrInstanceID:u16
E 4 0 GCHeapStats GC/HeapStats 133 GenerationSize0:u64,TotalPromotedSize0:u64,GenerationSize1:u64,TotalPromotedSize1:u64,GenerationSize2:u64,TotalPromotedSize2:u64,GenerationSize3:u64,TotalPromotedSize3:u64,FinalizationPromotedSize:u64,FinalizationPromotedCount:u64,PinnedObjectCount:u32,SinkBlockCount:u32,GCHandleCount:u32
E 4 1 GCHeapStats GC/HeapStats 133 +ClrInstanceID:u16
E 4 2 GCHeapStats GC/HeapStats 133 +GenerationSize4:u64,TotalPromotedSize4:u64
E 5 0 GCCreateSegment GC/CreateSegment 134 Address:u64,Size:u64,Type:u32@GCSegmentTypeMap
E 5 1 GCCreateSegment GC/CreateSegment 134 +ClrInstanceID:u16
E 6 0 GCFreeSegment GC/FreeSegment 135 Address:u64
E 6 1 GCFreeSegment GC/FreeSegment 135 +ClrInstanceID:u16
E 7 0 GCRestartEEBegin GC/RestartEEStart 136 -
E 7 1 GCRestartEEBegin GC/RestartEEStart 136 ClrInstanceID:u16
E 8 0 GCSuspendEEEnd GC/SuspendEEStop 137 -
E 8 1 GCSuspendEEEnd GC/SuspendEEStop 137 ClrInstanceID:u16
E 9 0 GCSuspendEEBegin GC/SuspendEEStart 10 Reason:u16@GCSuspendEEReasonMap
E 9 1 GCSuspendEEBegin GC/SuspendEEStart 10 Reason:u32@GCSuspendEEReasonMap,Count:u32,ClrInstanceID:u16
E 10 0 GCAllocationTick GC/AllocationTick 11 AllocationAmount:u32,AllocationKind:u32@GCAllocationKindMap
E 10 1 GCAllocationTick GC/AllocationTick 11 +ClrInstanceID:u16
E 10 2 GCAllocationTick GC/AllocationTick 11 +AllocationAmount64:u64,TypeID:ptr,TypeName:utf16z,HeapIndex:u32
E 10 3 GCAllocationTick GC/AllocationTick 11 +Address:ptr
E 10 4 GCAllocationTick GC/AllocationTick 11 +ObjectSize:u64
E 11 0 GCCreateConcurrentThread GC/CreateConcurrentThread 12 -
E 11 1 GCCreateConcurrentThread GC/CreateConcurrentThread 12 ClrInstanceID:u16
E 12 0 GCTerminateConcurrentThread GC/TerminateConcurrentThread 13 -
E 12 1 GCTerminateConcurrentThread GC/TerminateConcurrentThread 13 ClrInstanceID:u16
E 13 0 GCFinalizersEnd GC/FinalizersStop 15 Count:u32
E 13 1 GCFinalizersEnd GC/FinalizersStop 15 +ClrInstanceID:u16
E 14 0 GCFinalizersBegin GC/FinalizersStart 19 -
E 14 1 GCFinalizersBegin GC/FinalizersStart 19 ClrInstanceID:u16
E 15 0 BulkType Type/BulkType 10 Count:u32,ClrInstanceID:u16,Values:{TypeID:u64,ModuleID:u64,TypeNameID:u32,Flags:u32@TypeFlagsMap,CorElementType:u8,Name:utf16z,TypeParameterCount:u32,TypeParameters:u64*TypeParameterCount}*Count
E 16 0 GCBulkRootEdge GC/BulkRootEdge 20 Index:u32,Count:u32,ClrInstanceID:u16,Values:{RootedNodeAddress:ptr,GCRootKind:u8@GCRootKindMap,GCRootFlag:u32@GCRootFlagsMap,GCRootID:ptr}*Count
E 17 0 GCBulkRootConditionalWeakTableElementEdge GC/BulkRootConditionalWeakTableElementEdge 21 Index:u32,Count:u32,ClrInstanceID:u16,Values:{GCKeyNodeID:ptr,GCValueNodeID:ptr,GCRootID:ptr}*Count
E 18 0 GCBulkNode GC/BulkNode 22 Index:u32,Count:u32,ClrInstanceID:u16,Values:{Address:ptr,Size:u64,TypeID:u64,EdgeCount:u64}*Count
E 19 0 GCBulkEdge GC/BulkEdge 23 Index:u32,Count:u32,ClrInstanceID:u16,Values:{Value:ptr,ReferencingFieldID:u32}*Count
E 20 0 GCSampledObjectAllocationHigh GC/SampledObjectAllocation 24 Address:ptr,TypeID:ptr,ObjectCountForTypeSample:u32,TotalSizeForTypeSample:u64,ClrInstanceID:u16
E 21 0 GCBulkSurvivingObjectRanges GC/BulkSurvivingObjectRanges 25 Index:u32,Count:u32,ClrInstanceID:u16,Values:{RangeBase:ptr,RangeLength:u64}*Count
E 22 0 GCBulkMovedObjectRanges GC/BulkMovedObjectRanges 26 Index:u32,Count:u32,ClrInstanceID:u16,Values:{OldRangeBase:ptr,NewRangeBase:ptr,RangeLength:u64}*Count
E 23 0 GCGenerationRange GC/GenerationRange 27 Generation:u8,RangeStart:ptr,RangeUsedLength:u64,RangeReservedLength:u64,ClrInstanceID:u16
E 25 0 GCMarkStackRoots GC/MarkStackRoots 28 HeapNum:u32,ClrInstanceID:u16
E 26 0 GCMarkFinalizeQueueRoots GC/MarkFinalizeQueueRoots 29 HeapNum:u32,ClrInstanceID:u16
E 27 0 GCMarkHandles GC/MarkHandles 30 HeapNum:u32,ClrInstanceID:u16
E 28 0 GCMarkOlderGenerationRoots GC/MarkCards 31 HeapNum:u32,ClrInstanceID:u16
E 29 0 FinalizeObject GC/FinalizeObject 32 TypeID:ptr,ObjectID:ptr,ClrInstanceID:u16
E 30 0 SetGCHandle GC/SetGCHandle 33 HandleID:ptr,ObjectID:ptr,Kind:u32@GCHandleKindMap,Generation:u32,AppDomainID:u64,ClrInstanceID:u16
E 31 0 DestroyGCHandle GC/DestroyGCHandle 34 HandleID:ptr,ClrInstanceID:u16
E 32 0 GCSampledObjectAllocationLow GC/SampledObjectAllocation 24 Address:ptr,TypeID:ptr,ObjectCountForTypeSample:u32,TotalSizeForTypeSample:u64,ClrInstanceID:u16
E 33 0 PinObjectAtGCTime GC/PinObjectAtGCTime 36 HandleID:ptr,ObjectID:ptr,ObjectSize:u64,TypeName:utf16z,ClrInstanceID:u16
E 35 0 GCTriggered GC/Triggered 35 Reason:u32@GCReasonMap,ClrInstanceID:u16
E 36 0 GCBulkRootCCW GC/BulkRootCCW 38 Count:u32,ClrInstanceID:u16,Values:{GCRootID:u64,ObjectID:u64,TypeID:u64,IUnknown:u64,RefCount:u32,PeggedRefCount:u32,Flags:u32@GCRootCCWFlagsMap}*Count
E 37 0 GCBulkRCW GC/BulkRCW 39 Count:u32,ClrInstanceID:u16,Values:{ObjectID:u64,TypeID:u64,IUnknown:u64,VTable:u64,RefCount:u32,Flags:u32}*Count
E 38 0 GCBulkRootStaticVar GC/BulkRootStaticVar 40 Count:u32,AppDomainID:u64,ClrInstanceID:u16,Values:{GCRootID:u64,ObjectID:u64,TypeID:u64,Flags:u32@GCRootStaticVarFlagsMap,FieldName:utf16z}*Count
E 39 0 GCDynamicEvent GC/DynamicEvent 41 Name:utf16z,DataSize:u32,Data:u8*DataSize,ClrInstanceID:u16
E 40 0 WorkerThreadCreate WorkerThreadCreation/Start 1 WorkerThreadCount:u32,RetiredWorkerThreads:u32
E 41 0 WorkerThreadTerminate WorkerThreadCreation/Stop 2 WorkerThreadCount:u32,RetiredWorkerThreads:u32
E 42 0 WorkerThreadRetire WorkerThreadRetirement/Start 1 WorkerThreadCount:u32,RetiredWorkerThreads:u32
E 43 0 WorkerThreadUnretire WorkerThreadRetirement/Stop 2 WorkerThreadCount:u32,RetiredWorkerThreads:u32
E 44 0 IOThreadCreate IOThreadCreation/Start 1 IOThreadCount:u32,RetiredIOThreads:u32
E 44 1 IOThreadCreate IOThreadCreation/Start 1 +ClrInstanceID:u16
E 45 0 IOThreadTerminate IOThreadCreation/Stop 2 IOThreadCount:u32,RetiredIOThreads:u32
E 45 1 IOThreadTerminate IOThreadCreation/Stop 2 +ClrInstanceID:u16
E 46 0 IOThreadRetire IOThreadRetirement/Start 1 IOThreadCount:u32,RetiredIOThreads:u32
E 46 1 IOThreadRetire IOThreadRetirement/Start 1 +ClrInstanceID:u16
E 47 0 IOThreadUnretire IOThreadRetirement/Stop 2 IOThreadCount:u32,RetiredIOThreads:u32
E 47 1 IOThreadUnretire IOThreadRetirement/Stop 2 +ClrInstanceID:u16
E 48 0 ThreadpoolSuspensionSuspendThread ThreadpoolSuspension/Start 1 ClrThreadID:u32,CpuUtilization:u32
E 49 0 ThreadpoolSuspensionResumeThread ThreadpoolSuspension/Stop 2 ClrThreadID:u32,CpuUtilization:u32
E 50 0 ThreadPoolWorkerThreadStart ThreadPoolWorkerThread/Start 1 ActiveWorkerThreadCount:u32,RetiredWorkerThreadCount:u32,ClrInstanceID:u16
E 51 0 ThreadPoolWorkerThreadStop ThreadPoolWorkerThread/Stop 2 ActiveWorkerThreadCount:u32,RetiredWorkerThreadCount:u32,ClrInstanceID:u16
E 52 0 ThreadPoolWorkerThreadRetirementStart ThreadPoolWorkerThreadRetirement/Start 1 ActiveWorkerThreadCount:u32,RetiredWorkerThreadCount:u32,ClrInstanceID:u16
E 53 0 ThreadPoolWorkerThreadRetirementStop ThreadPoolWorkerThreadRetirement/Stop 2 ActiveWorkerThreadCount:u32,RetiredWorkerThreadCount:u32,ClrInstanceID:u16
E 54 0 ThreadPoolWorkerThreadAdjustmentSample ThreadPoolWorkerThreadAdjustment/Sample 100 Throughput:f64,ClrInstanceID:u16
E 55 0 ThreadPoolWorkerThreadAdjustmentAdjustment ThreadPoolWorkerThreadAdjustment/Adjustment 101 AverageThroughput:f64,NewWorkerThreadCount:u32,Reason:u32@ThreadAdjustmentReasonMap,ClrInstanceID:u16
E 56 0 ThreadPoolWorkerThreadAdjustmentStats ThreadPoolWorkerThreadAdjustment/Stats 102 Duration:f64,Throughput:f64,ThreadWave:f64,ThroughputWave:f64,ThroughputErrorEstimate:f64,AverageThroughputErrorEstimate:f64,ThroughputRatio:f64,Confidence:f64,NewControlSetting:f64,NewThreadWaveMagnitude:u16,ClrInstanceID:u16
E 57 0 ThreadPoolWorkerThreadWait ThreadPoolWorkerThread/Wait 90 ActiveWorkerThreadCount:u32,RetiredWorkerThreadCount:u32,ClrInstanceID:u16
E 58 0 YieldProcessorMeasurement = 0 ClrInstanceID:u16,NsPerYield:f64,EstablishedNsPerYield:f64
E 59 0 ThreadPoolMinMaxThreads ThreadPool/MinMaxThreads 0 MinWorkerThreads:u16,MaxWorkerThreads:u16,MinIOCompletionThreads:u16,MaxIOCompletionThreads:u16,ClrInstanceID:u16
E 60 0 ThreadPoolWorkingThreadCount ThreadPoolWorkingThreadCount/Start 1 Count:u32,ClrInstanceID:u16
E 61 0 ThreadPoolEnqueue ThreadPool/Enqueue 11 WorkID:ptr,ClrInstanceID:u16
E 62 0 ThreadPoolDequeue ThreadPool/Dequeue 12 WorkID:ptr,ClrInstanceID:u16
E 63 0 ThreadPoolIOEnqueue ThreadPool/IOEnqueue 13 NativeOverlapped:ptr,Overlapped:ptr,MultiDequeues:bool32,ClrInstanceID:u16
E 64 0 ThreadPoolIODequeue ThreadPool/IODequeue 14 NativeOverlapped:ptr,Overlapped:ptr,ClrInstanceID:u16
E 65 0 ThreadPoolIOPack ThreadPool/IOPack 15 NativeOverlapped:ptr,Overlapped:ptr,ClrInstanceID:u16
E 70 0 ThreadCreating Thread/Creating 11 ID:ptr,ClrInstanceID:u16
E 71 0 ThreadRunning Thread/Running 12 ID:ptr,ClrInstanceID:u16
E 72 0 MethodDetails Method/MethodDetails 43 MethodID:u64,TypeID:u64,MethodToken:u32,TypeParameterCount:u32,LoaderModuleID:u64,TypeParameters:u64*TypeParameterCount
E 73 0 TypeLoadStart TypeLoad/Start 1 TypeLoadStartID:u32,ClrInstanceID:u16
E 74 0 TypeLoadStop TypeLoad/Stop 2 TypeLoadStartID:u32,ClrInstanceID:u16,LoadLevel:u16,TypeID:u64,TypeName:utf16z
E 80 0 ExceptionThrown Exception/Start 1 -
E 80 1 ExceptionThrown Exception/Start 1 ExceptionType:utf16z,ExceptionMessage:utf16z,ExceptionEIP:ptr,ExceptionHRESULT:u32,ExceptionFlags:u16@ExceptionThrownFlagsMap,ClrInstanceID:u16
E 81 0 Contention Contention/Start 1 -
E 81 1 ContentionStart Contention/Start 1 ContentionFlags:u8@ContentionFlagsMap,ClrInstanceID:u16
E 81 2 ContentionStart Contention/Start 1 +LockID:u64,AssociatedObjectID:u64,LockOwnerThreadID:u64
E 82 0 CLRStackWalk ClrStack/Walk 82 ClrInstanceID:u16,Reserved1:u8,Reserved2:u8,FrameCount:u32,Stack:ptr*2
E 83 0 AppDomainMemAllocated AppDomainResourceManagement/MemAllocated 48 AppDomainID:u64,Allocated:u64,ClrInstanceID:u16
E 84 0 AppDomainMemSurvived AppDomainResourceManagement/MemSurvived 49 AppDomainID:u64,Survived:u64,ProcessSurvived:u64,ClrInstanceID:u16
E 85 0 ThreadCreated AppDomainResourceManagement/ThreadCreated 50 ManagedThreadID:u64,AppDomainID:u64,Flags:u32@ThreadFlagsMap,ManagedThreadIndex:u32,OSThreadID:u32,ClrInstanceID:u16
E 86 0 ThreadTerminated AppDomainResourceManagement/ThreadTerminated 51 ManagedThreadID:u64,AppDomainID:u64,ClrInstanceID:u16
E 87 0 ThreadDomainEnter AppDomainResourceManagement/DomainEnter 52 ManagedThreadID:u64,AppDomainID:u64,ClrInstanceID:u16
E 88 0 ILStubGenerated ILStub/StubGenerated 88 ClrInstanceID:u16,ModuleID:u64,StubMethodID:u64,StubFlags:u32@ILStubGeneratedFlagsMap,ManagedInteropMethodToken:u32,ManagedInteropMethodNamespace:utf16z,ManagedInteropMethodName:utf16z,ManagedInteropMethodSignature:utf16z,NativeMethodSignature:utf16z,StubMethodSignature:utf16z,StubMethodILCode:utf16z
E 89 0 ILStubCacheHit ILStub/StubCacheHit 89 ClrInstanceID:u16,ModuleID:u64,StubMethodID:u64,ManagedInteropMethodToken:u32,ManagedInteropMethodNamespace:utf16z,ManagedInteropMethodName:utf16z,ManagedInteropMethodSignature:utf16z
E 90 0 ContentionLockCreated Contention/LockCreated 11 LockID:u64,AssociatedObjectID:u64,ClrInstanceID:u16
E 91 0 ContentionStop Contention/Stop 2 ContentionFlags:u8@ContentionFlagsMap,ClrInstanceID:u16
E 91 1 ContentionStop Contention/Stop 2 +DurationNs:f64
E 135 0 DCStartCompleteV2 Method/DCStartCompleteV2 14 -
E 136 0 DCEndCompleteV2 Method/DCStopCompleteV2 15 -
E 137 0 MethodDCStartV2 Method/DCStartV2 35 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap
E 138 0 MethodDCEndV2 Method/DCStopV2 36 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap
E 139 0 MethodDCStartVerboseV2 Method/DCStartVerboseV2 39 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 140 0 MethodDCEndVerboseV2 Method/DCStopVerboseV2 40 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 141 0 MethodLoad Method/Load 33 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap
E 141 1 MethodLoad Method/Load 33 +ClrInstanceID:u16
E 141 2 MethodLoad Method/Load 33 +ReJITID:u64
E 142 0 MethodUnload Method/Unload 34 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap
E 142 1 MethodUnload Method/Unload 34 +ClrInstanceID:u16
E 142 2 MethodUnload Method/Unload 34 +ReJITID:u64
E 143 0 MethodLoadVerbose Method/LoadVerbose 37 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 143 1 MethodLoadVerbose Method/LoadVerbose 37 +ClrInstanceID:u16
E 143 2 MethodLoadVerbose Method/LoadVerbose 37 +ReJITID:u64
E 144 0 MethodUnloadVerbose Method/UnloadVerbose 38 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 144 1 MethodUnloadVerbose Method/UnloadVerbose 38 +ClrInstanceID:u16
E 144 2 MethodUnloadVerbose Method/UnloadVerbose 38 +ReJITID:u64
E 145 0 MethodJittingStarted Method/JittingStarted 42 MethodID:u64,ModuleID:u64,MethodToken:u32,MethodILSize:u32,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 145 1 MethodJittingStarted Method/JittingStarted 42 +ClrInstanceID:u16
E 146 0 MethodJitMemoryAllocatedForCode Method/MemoryAllocatedForJitCode 103 MethodID:u64,ModuleID:u64,JitHotCodeRequestSize:u64,JitRODataRequestSize:u64,AllocatedSizeForJitCode:u64,JitAllocFlag:u32,ClrInstanceID:u16
E 149 0 ModuleDCStartV2 Loader/ModuleDCStartV2 35 ModuleID:u64,AssemblyID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 150 0 ModuleDCEndV2 Loader/ModuleDCStopV2 36 ModuleID:u64,AssemblyID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 151 0 DomainModuleLoad Loader/DomainModuleLoad 45 ModuleID:u64,AssemblyID:u64,AppDomainID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 151 1 DomainModuleLoad Loader/DomainModuleLoad 45 +ClrInstanceID:u16
E 152 0 ModuleLoad Loader/ModuleLoad 33 ModuleID:u64,AssemblyID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 152 1 ModuleLoad Loader/ModuleLoad 33 +ClrInstanceID:u16
E 152 2 ModuleLoad Loader/ModuleLoad 33 +ManagedPdbSignature:guid,ManagedPdbAge:u32,ManagedPdbBuildPath:utf16z,NativePdbSignature:guid,NativePdbAge:u32,NativePdbBuildPath:utf16z
E 153 0 ModuleUnload Loader/ModuleUnload 34 ModuleID:u64,AssemblyID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 153 1 ModuleUnload Loader/ModuleUnload 34 +ClrInstanceID:u16
E 153 2 ModuleUnload Loader/ModuleUnload 34 +ManagedPdbSignature:guid,ManagedPdbAge:u32,ManagedPdbBuildPath:utf16z,NativePdbSignature:guid,NativePdbAge:u32,NativePdbBuildPath:utf16z
E 154 0 AssemblyLoad Loader/AssemblyLoad 37 AssemblyID:u64,AppDomainID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z
E 154 1 AssemblyLoad Loader/AssemblyLoad 37 AssemblyID:u64,AppDomainID:u64,BindingID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z,ClrInstanceID:u16
E 155 0 AssemblyUnload Loader/AssemblyUnload 38 AssemblyID:u64,AppDomainID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z
E 155 1 AssemblyUnload Loader/AssemblyUnload 38 AssemblyID:u64,AppDomainID:u64,BindingID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z,ClrInstanceID:u16
E 156 0 AppDomainLoad Loader/AppDomainLoad 41 AppDomainID:u64,AppDomainFlags:u32@AppDomainFlagsMap,AppDomainName:utf16z
E 156 1 AppDomainLoad Loader/AppDomainLoad 41 +AppDomainIndex:u32,ClrInstanceID:u16
E 157 0 AppDomainUnload Loader/AppDomainUnload 42 AppDomainID:u64,AppDomainFlags:u32@AppDomainFlagsMap,AppDomainName:utf16z
E 157 1 AppDomainUnload Loader/AppDomainUnload 42 +AppDomainIndex:u32,ClrInstanceID:u16
E 158 0 ModuleRangeLoad ClrPerfTrack/ModuleRangeLoad 10 ClrInstanceID:u16,ModuleID:u64,RangeBegin:u32,RangeSize:u32,RangeType:u8@ModuleRangeTypeMap
E 159 0 R2RGetEntryPoint Method/R2RGetEntryPoint 33 MethodID:u64,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z,EntryPoint:u64,ClrInstanceID:u16
E 160 0 R2RGetEntryPointStart Method/R2RGetEntryPointStart 34 MethodID:u64,ClrInstanceID:u16
E 181 0 StrongNameVerificationStart StrongNameVerification/Start 1 VerificationFlags:u32,ErrorCode:u32,FullyQualifiedAssemblyName:utf16z
E 181 1 StrongNameVerificationStart StrongNameVerification/Start 1 +ClrInstanceID:u16
E 182 0 StrongNameVerificationStop StrongNameVerification/Stop 2 VerificationFlags:u32,ErrorCode:u32,FullyQualifiedAssemblyName:utf16z
E 182 1 StrongNameVerificationStop StrongNameVerification/Stop 2 +ClrInstanceID:u16
E 183 0 AuthenticodeVerificationStart AuthenticodeVerification/Start 1 VerificationFlags:u32,ErrorCode:u32,ModulePath:utf16z
E 183 1 AuthenticodeVerificationStart AuthenticodeVerification/Start 1 +ClrInstanceID:u16
E 184 0 AuthenticodeVerificationStop AuthenticodeVerification/Stop 2 VerificationFlags:u32,ErrorCode:u32,ModulePath:utf16z
E 184 1 AuthenticodeVerificationStop AuthenticodeVerification/Stop 2 +ClrInstanceID:u16
E 185 0 MethodJitInliningSucceeded Method/InliningSucceeded 83 MethodBeingCompiledNamespace:utf16z,MethodBeingCompiledName:utf16z,MethodBeingCompiledNameSignature:utf16z,InlinerNamespace:utf16z,InlinerName:utf16z,InlinerNameSignature:utf16z,InlineeNamespace:utf16z,InlineeName:utf16z,InlineeNameSignature:utf16z,ClrInstanceID:u16
E 186 0 MethodJitInliningFailed Method/InliningFailed 84 MethodBeingCompiledNamespace:utf16z,MethodBeingCompiledName:utf16z,MethodBeingCompiledNameSignature:utf16z,InlinerNamespace:utf16z,InlinerName:utf16z,InlinerNameSignature:utf16z,InlineeNamespace:utf16z,InlineeName:utf16z,InlineeNameSignature:utf16z,FailAlways:bool32,FailReason:utf8z,ClrInstanceID:u16
E 187 0 RuntimeInformationStart Runtime/Start 1 ClrInstanceID:u16,Sku:u16@RuntimeSkuMap,BclMajorVersion:u16,BclMinorVersion:u16,BclBuildNumber:u16,BclQfeNumber:u16,VMMajorVersion:u16,VMMinorVersion:u16,VMBuildNumber:u16,VMQfeNumber:u16,StartupFlags:u32@StartupFlagsMap,StartupMode:u8@StartupModeMap,CommandLine:utf16z,ComObjectGuid:guid,RuntimeDllPath:utf16z
E 188 0 MethodJitTailCallSucceeded Method/TailCallSucceeded 85 MethodBeingCompiledNamespace:utf16z,MethodBeingCompiledName:utf16z,MethodBeingCompiledNameSignature:utf16z,CallerNamespace:utf16z,CallerName:utf16z,CallerNameSignature:utf16z,CalleeNamespace:utf16z,CalleeName:utf16z,CalleeNameSignature:utf16z,TailPrefix:bool32,TailCallType:u32@TailCallTypeMap,ClrInstanceID:u16
E 189 0 MethodJitTailCallFailed Method/TailCallFailed 86 MethodBeingCompiledNamespace:utf16z,MethodBeingCompiledName:utf16z,MethodBeingCompiledNameSignature:utf16z,CallerNamespace:utf16z,CallerName:utf16z,CallerNameSignature:utf16z,CalleeNamespace:utf16z,CalleeName:utf16z,CalleeNameSignature:utf16z,TailPrefix:bool32,FailReason:utf8z,ClrInstanceID:u16
E 190 0 MethodILToNativeMap Method/ILToNativeMap 87 MethodID:u64,ReJITID:u64,MethodExtent:u8,CountOfMapEntries:u16,ILOffsets:u32*CountOfMapEntries,NativeOffsets:u32*CountOfMapEntries,ClrInstanceID:u16
E 191 0 MethodJitTailCallFailed Method/TailCallFailed 86 MethodBeingCompiledNamespace:utf16z,MethodBeingCompiledName:utf16z,MethodBeingCompiledNameSignature:utf16z,CallerNamespace:utf16z,CallerName:utf16z,CallerNameSignature:utf16z,CalleeNamespace:utf16z,CalleeName:utf16z,CalleeNameSignature:utf16z,TailPrefix:bool32,FailReason:utf16z,ClrInstanceID:u16
E 192 0 MethodJitInliningFailed Method/InliningFailed 84 MethodBeingCompiledNamespace:utf16z,MethodBeingCompiledName:utf16z,MethodBeingCompiledNameSignature:utf16z,InlinerNamespace:utf16z,InlinerName:utf16z,InlinerNameSignature:utf16z,InlineeNamespace:utf16z,InlineeName:utf16z,InlineeNameSignature:utf16z,FailAlways:bool32,FailReason:utf16z,ClrInstanceID:u16
E 200 0 IncreaseMemoryPressure GC/IncreaseMemoryPressure 200 BytesAllocated:u64,ClrInstanceID:u16
E 201 0 DecreaseMemoryPressure GC/DecreaseMemoryPressure 201 BytesFreed:u64,ClrInstanceID:u16
E 202 0 GCMarkWithType GC/MarkWithType 202 HeapNum:u32,ClrInstanceID:u16,Type:u32,Promoted:u64
E 203 2 GCJoin GC/Join 203 Heap:u32,JoinTime:u32,JoinType:u32,ClrInstanceID:u16,JoinID:u32
E 204 3 GCPerHeapHistory GC/PerHeapHistory 204 ClrInstanceID:u16,FreeListAllocated:ptr,FreeListRejected:ptr,EndOfSegAllocated:ptr,CondemnedAllocated:ptr,PinnedAllocated:ptr,PinnedAllocatedAdvance:ptr,RunningFreeListEfficiency:u32,CondemnReasons0:u32,CondemnReasons1:u32,CompactMechanisms:u32,ExpandMechanisms:u32,HeapIndex:u32,ExtraGen0Commit:ptr,Count:u32,Values:{SizeBefore:ptr,FreeListSpaceBefore:ptr,FreeObjSpaceBefore:ptr,SizeAfter:ptr,FreeListSpaceAfter:ptr,FreeObjSpaceAfter:ptr,In:ptr,PinnedSurv:ptr,NonePinnedSurv:ptr,Budget:ptr}*Count
E 205 2 GCGlobalHeapHistory GC/GlobalHeapHistory 205 FinalYoungestDesired:u64,NumHeaps:u32,CondemnedGeneration:u32,Gen0ReductionCount:u32,Reason:u32@GCReasonMap,GlobalMechanisms:u32@GCGlobalMechanismsMap,ClrInstanceID:u16,PauseMode:u32,MemoryPressure:u32
E 205 3 GCGlobalHeapHistory GC/GlobalHeapHistory 205 +CondemnReasons0:u32,CondemnReasons1:u32
E 205 4 GCGlobalHeapHistory GC/GlobalHeapHistory 205 +Count:u32,Times:u32*Count
E 206 0 GenAwareBegin GC/GenAwareStart 206 Count:u32,ClrInstanceID:u16
E 207 0 GenAwareEnd GC/GenAwareStop 207 Count:u32,ClrInstanceID:u16
E 240 0 DebugIPCEventStart DebugIPCEvent/Start 1 -
E 241 0 DebugIPCEventEnd DebugIPCEvent/Stop 2 -
E 242 0 DebugExceptionProcessingStart DebugExceptionProcessing/Start 1 -
E 243 0 DebugExceptionProcessingEnd DebugExceptionProcessing/Stop 2 -
E 250 0 ExceptionCatchStart ExceptionCatch/Start 1 EntryEIP:u64,MethodID:u64,MethodName:utf16z,ClrInstanceID:u16
E 251 0 ExceptionCatchStop ExceptionCatch/Stop 2 -
E 252 0 ExceptionFinallyStart ExceptionFinally/Start 1 EntryEIP:u64,MethodID:u64,MethodName:utf16z,ClrInstanceID:u16
E 253 0 ExceptionFinallyStop ExceptionFinally/Stop 2 -
E 254 0 ExceptionFilterStart ExceptionFilter/Start 1 EntryEIP:u64,MethodID:u64,MethodName:utf16z,ClrInstanceID:u16
E 255 0 ExceptionFilterStop ExceptionFilter/Stop 2 -
E 256 0 ExceptionThrownStop Exception/Stop 2 -
E 260 0 CodeSymbols CodeSymbols/Start 1 ModuleId:u64,TotalChunks:u16,ChunkNumber:u16,ChunkLength:u32,Chunk:u8*ChunkLength,ClrInstanceID:u16
E 270 0 EventSource = 0 EventID:u32,EventName:utf16z,EventSourceName:utf16z,Payload:utf16z
E 280 0 TieredCompilationSettings TieredCompilation/Settings 11 ClrInstanceID:u16,Flags:u32
E 281 0 TieredCompilationPause TieredCompilation/Pause 12 ClrInstanceID:u16
E 282 0 TieredCompilationResume TieredCompilation/Resume 13 ClrInstanceID:u16,NewMethodCount:u32
E 283 0 TieredCompilationBackgroundJitStart TieredCompilation/BackgroundJitStart 1 ClrInstanceID:u16,PendingMethodCount:u32
E 284 0 TieredCompilationBackgroundJitStop TieredCompilation/BackgroundJitStop 2 ClrInstanceID:u16,PendingMethodCount:u32,JittedMethodCount:u32
E 290 0 AssemblyLoadStart AssemblyLoader/Start 1 ClrInstanceID:u16,AssemblyName:utf16z,AssemblyPath:utf16z,RequestingAssembly:utf16z,AssemblyLoadContext:utf16z,RequestingAssemblyLoadContext:utf16z
E 291 0 AssemblyLoadStop AssemblyLoader/Stop 2 ClrInstanceID:u16,AssemblyName:utf16z,AssemblyPath:utf16z,RequestingAssembly:utf16z,AssemblyLoadContext:utf16z,RequestingAssemblyLoadContext:utf16z,Success:bool32,ResultAssemblyName:utf16z,ResultAssemblyPath:utf16z,Cached:bool32
E 292 0 ResolutionAttempted AssemblyLoader/ResolutionAttempted 11 ClrInstanceID:u16,AssemblyName:utf16z,Stage:u16,AssemblyLoadContext:utf16z,Result:u16,ResultAssemblyName:utf16z,ResultAssemblyPath:utf16z,ErrorMessage:utf16z
E 293 0 AssemblyLoadContextResolvingHandlerInvoked AssemblyLoader/AssemblyLoadContextResolvingHandlerInvoked 12 ClrInstanceID:u16,AssemblyName:utf16z,HandlerName:utf16z,AssemblyLoadContext:utf16z,ResultAssemblyName:utf16z,ResultAssemblyPath:utf16z
E 294 0 AppDomainAssemblyResolveHandlerInvoked AssemblyLoader/AppDomainAssemblyResolveHandlerInvoked 13 ClrInstanceID:u16,AssemblyName:utf16z,HandlerName:utf16z,ResultAssemblyName:utf16z,ResultAssemblyPath:utf16z
E 295 0 AssemblyLoadFromResolveHandlerInvoked AssemblyLoader/AssemblyLoadFromResolveHandlerInvoked 14 ClrInstanceID:u16,AssemblyName:utf16z,IsTrackedLoad:bool32,RequestingAssemblyPath:utf16z,ComputedRequestedAssemblyPath:utf16z
E 296 0 KnownPathProbed AssemblyLoader/KnownPathProbed 15 ClrInstanceID:u16,FilePath:utf16z,Source:u16,Result:u32
E 297 0 JitInstrumentationData = 11 ClrInstanceID:u16,MethodFlags:u32@MethodFlagsMap,DataSize:u32,MethodID:u64,Data:u8*DataSize
E 300 0 ExecutionCheckpoint ExecutionCheckpoint/ExecutionCheckpoint 11 ClrInstanceID:u16,Name:utf16z,Timestamp:i64
E 301 0 WaitHandleWaitStart WaitHandleWait/Start 1 WaitSource:u8,AssociatedObjectID:ptr,ClrInstanceID:u16
E 302 0 WaitHandleWaitStop WaitHandleWait/Stop 2 ClrInstanceID:u16
E 303 0 AllocationSampled GC/AllocationSampled 0 AllocationKind:u32@GCAllocationKindMap,ClrInstanceID:u16,TypeID:ptr,TypeName:utf16z,Address:ptr,ObjectSize:u64,SampledByteOffset:u64
P Microsoft-Windows-DotNETRuntimeRundown
K LoaderRundown=0x8,JitRundown=0x10,NGenRundown=0x20,StartRundown=0x40,EndRundown=0x100,AppDomainResourceManagementRundown=0x800,Threading=0x10000,JittedMethodILToNativeMapRundown=0x20000,OverrideAndSuppressNGenEventsRundown=0x40000,PerfTrackRundown=0x20000000,Stack=0x40000000
M ModuleRangeTypeMap flags 4=ColdRangeMessage
M AppDomainFlagsMap flags 1=Default,2=Executable,4=Shared
M AssemblyFlagsMap flags 1=DomainNeutral,2=Dynamic,4=Native,8=Collectible,16=ReadyToRun
M ModuleFlagsMap flags 1=DomainNeutral,2=Native,4=Dynamic,8=Manifest,16=IbcOptimized,32=ReadyToRunModule,64=PartialReadyToRunModule
M MethodFlagsMap flags 1=Dynamic,2=Generic,4=HasSharedGenericCode,8=Jitted,16=JitHelper,32=ProfilerRejectedPrecompiledCode,64=ReadyToRunRejectedPrecompiledCode,896/128=MinOptJitted,896/256=Optimized,896/384=QuickJitted,896/512=OptimizedTier1,896/640=OptimizedTier1OSR,896/768=QuickJittedInstrumented,896/896=OptimizedTier1Instrumented,4026531840/268435456=ColdSection
M StartupModeMap flags 1=ManagedExe,2=HostedCLR,4=IjwDll,8=ComActivated,16=Other
M RuntimeSkuMap flags 1=DesktopCLR,2=CoreCLR
M StartupFlagsMap flags 1=CONCURRENT_GC,2=LOADER_OPTIMIZATION_SINGLE_DOMAIN,4=LOADER_OPTIMIZATION_MULTI_DOMAIN,16=LOADER_SAFEMODE,256=LOADER_SETPREFERENCE,4096=SERVER_GC,8192=HOARD_GC_VM,16384=SINGLE_VERSION_HOSTING_INTERFACE,65536=LEGACY_IMPERSONATION,131072=DISABLE_COMMITTHREADSTACK,262144=ALWAYSFLOW_IMPERSONATION,524288=TRIM_GC_COMMIT,1048576=ETW,2097152=SERVER_BUILD,4194304=ARM
M ThreadFlagsMap flags 1=GCSpecial,2=Finalizer,4=ThreadPoolWorker
E 0 0 CLRStackWalkDCStart ClrStack/WalkDCStart 82 ClrInstanceID:u16,Reserved1:u8,Reserved2:u8,FrameCount:u32,Stack:ptr*2
E 10 0 GCSettingsRundown GC/SettingsRundown 10 HardLimit:u64,LOHThreshold:u64,PhysicalMemoryConfig:u64,Gen0MinBudgetConfig:u64,Gen0MaxBudgetConfig:u64,HighMemPercentConfig:u32,BitSettings:u32,ClrInstanceID:u16
E 141 0 MethodDCStart Method/DCStart 35 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap
E 141 1 MethodDCStart Method/DCStart 35 +ClrInstanceID:u16
E 141 2 MethodDCStart Method/DCStart 35 +ReJITID:u64
E 142 0 MethodDCEnd Method/DCStop 36 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap
E 142 1 MethodDCEnd Method/DCStop 36 +ClrInstanceID:u16
E 142 2 MethodDCEnd Method/DCStop 36 +ReJITID:u64
E 143 0 MethodDCStartVerbose Method/DCStartVerbose 39 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 143 1 MethodDCStartVerbose Method/DCStartVerbose 39 +ClrInstanceID:u16
E 143 2 MethodDCStartVerbose Method/DCStartVerbose 39 +ReJITID:u64
E 144 0 MethodDCEndVerbose Method/DCStopVerbose 40 MethodID:u64,ModuleID:u64,MethodStartAddress:u64,MethodSize:u32,MethodToken:u32,MethodFlags:u32@MethodFlagsMap,MethodNamespace:utf16z,MethodName:utf16z,MethodSignature:utf16z
E 144 1 MethodDCEndVerbose Method/DCStopVerbose 40 +ClrInstanceID:u16
E 144 2 MethodDCEndVerbose Method/DCStopVerbose 40 +ReJITID:u64
E 145 0 DCStartComplete Method/DCStartComplete 14 -
E 145 1 DCStartComplete Method/DCStartComplete 14 ClrInstanceID:u16
E 146 0 DCEndComplete Method/DCStopComplete 15 -
E 146 1 DCEndComplete Method/DCStopComplete 15 ClrInstanceID:u16
E 147 0 DCStartInit Method/DCStartInit 16 -
E 147 1 DCStartInit Method/DCStartInit 16 ClrInstanceID:u16
E 148 0 DCEndInit Method/DCStopInit 17 -
E 148 1 DCEndInit Method/DCStopInit 17 ClrInstanceID:u16
E 149 0 MethodDCStartILToNativeMap Method/ILToNativeMapDCStart 41 MethodID:u64,ReJITID:u64,MethodExtent:u8,CountOfMapEntries:u16,ILOffsets:u32*CountOfMapEntries,NativeOffsets:u32*CountOfMapEntries,ClrInstanceID:u16
E 150 0 MethodDCEndILToNativeMap Method/ILToNativeMapDCStop 42 MethodID:u64,ReJITID:u64,MethodExtent:u8,CountOfMapEntries:u16,ILOffsets:u32*CountOfMapEntries,NativeOffsets:u32*CountOfMapEntries,ClrInstanceID:u16
E 151 0 DomainModuleDCStart Loader/DomainModuleDCStart 46 ModuleID:u64,AssemblyID:u64,AppDomainID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 151 1 DomainModuleDCStart Loader/DomainModuleDCStart 46 +ClrInstanceID:u16
E 152 0 DomainModuleDCEnd Loader/DomainModuleDCStop 47 ModuleID:u64,AssemblyID:u64,AppDomainID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 152 1 DomainModuleDCEnd Loader/DomainModuleDCStop 47 +ClrInstanceID:u16
E 153 0 ModuleDCStart Loader/ModuleDCStart 35 ModuleID:u64,AssemblyID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 153 1 ModuleDCStart Loader/ModuleDCStart 35 +ClrInstanceID:u16
E 153 2 ModuleDCStart Loader/ModuleDCStart 35 +ManagedPdbSignature:guid,ManagedPdbAge:u32,ManagedPdbBuildPath:utf16z,NativePdbSignature:guid,NativePdbAge:u32,NativePdbBuildPath:utf16z
E 154 0 ModuleDCEnd Loader/ModuleDCStop 36 ModuleID:u64,AssemblyID:u64,ModuleFlags:u32@ModuleFlagsMap,Reserved1:u32,ModuleILPath:utf16z,ModuleNativePath:utf16z
E 154 1 ModuleDCEnd Loader/ModuleDCStop 36 +ClrInstanceID:u16
E 154 2 ModuleDCEnd Loader/ModuleDCStop 36 +ManagedPdbSignature:guid,ManagedPdbAge:u32,ManagedPdbBuildPath:utf16z,NativePdbSignature:guid,NativePdbAge:u32,NativePdbBuildPath:utf16z
E 155 0 AssemblyDCStart Loader/AssemblyDCStart 39 AssemblyID:u64,AppDomainID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z
E 155 1 AssemblyDCStart Loader/AssemblyDCStart 39 AssemblyID:u64,AppDomainID:u64,BindingID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z,ClrInstanceID:u16
E 156 0 AssemblyDCEnd Loader/AssemblyDCStop 40 AssemblyID:u64,AppDomainID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z
E 156 1 AssemblyDCEnd Loader/AssemblyDCStop 40 AssemblyID:u64,AppDomainID:u64,BindingID:u64,AssemblyFlags:u32@AssemblyFlagsMap,FullyQualifiedAssemblyName:utf16z,ClrInstanceID:u16
E 157 0 AppDomainDCStart Loader/AppDomainDCStart 43 AppDomainID:u64,AppDomainFlags:u32@AppDomainFlagsMap,AppDomainName:utf16z
E 157 1 AppDomainDCStart Loader/AppDomainDCStart 43 +AppDomainIndex:u32,ClrInstanceID:u16
E 158 0 AppDomainDCEnd Loader/AppDomainDCStop 44 AppDomainID:u64,AppDomainFlags:u32@AppDomainFlagsMap,AppDomainName:utf16z
E 158 1 AppDomainDCEnd Loader/AppDomainDCStop 44 +AppDomainIndex:u32,ClrInstanceID:u16
E 159 0 ThreadDC Loader/ThreadDCStop 48 ManagedThreadID:u64,AppDomainID:u64,Flags:u32@ThreadFlagsMap,ManagedThreadIndex:u32,OSThreadID:u32,ClrInstanceID:u16
E 160 0 ModuleRangeDCStart ClrPerfTrack/ModuleRangeDCStart 10 ClrInstanceID:u16,ModuleID:u64,RangeBegin:u32*1,RangeSize:u32*1,RangeType:u8@ModuleRangeTypeMap
E 161 0 ModuleRangeDCEnd ClrPerfTrack/ModuleRangeDCStop 11 ClrInstanceID:u16,ModuleID:u64,RangeBegin:u32*1,RangeSize:u32*1,RangeType:u8@ModuleRangeTypeMap
E 187 0 RuntimeInformationDCStart Runtime/DCStart 1 ClrInstanceID:u16,Sku:u16@RuntimeSkuMap,BclMajorVersion:u16,BclMinorVersion:u16,BclBuildNumber:u16,BclQfeNumber:u16,VMMajorVersion:u16,VMMinorVersion:u16,VMBuildNumber:u16,VMQfeNumber:u16,StartupFlags:u32@StartupFlagsMap,StartupMode:u8@StartupModeMap,CommandLine:utf16z,ComObjectGuid:guid,RuntimeDllPath:utf16z
E 280 0 TieredCompilationSettingsDCStart TieredCompilationRundown/SettingsDCStart 11 ClrInstanceID:u16,Flags:u32
E 300 0 ExecutionCheckpointDCEnd ExecutionCheckpointRundown/ExecutionCheckpointDCEnd 11 ClrInstanceID:u16,Name:utf16z,Timestamp:i64
P Microsoft-Windows-DotNETRuntimeStress
K Stack=0x40000000
E 0 0 StressLogEvent StressLog/Start 1 Facility:u32,LogLevel:u8,Message:utf8z
E 0 1 StressLogEvent StressLog/Start 1 +ClrInstanceID:u16
E 1 0 CLRStackWalkStress ClrStack/Walk 82 ClrInstanceID:u16,Reserved1:u8,Reserved2:u8,FrameCount:u32,Stack:ptr*2
P Microsoft-Windows-DotNETRuntimePrivate
K GCPrivate=0x1,Binding=0x2,NGenForceRestore=0x4,PrivateFusion=0x8,LoaderHeapPrivate=0x10,SecurityPrivate=0x400,InteropPrivate=0x2000,GCHandlePrivate=0x4000,MulticoreJitPrivate=0x20000,Stack=0x40000000,Startup=0x80000000,PerfTrackPrivate=0x20000000,DynamicTypeUsage=0x20
M ModuleRangeSectionTypeMap values 1=ModuleSection,2=EETableSection,3=WriteDataSection,4=WriteableDataSection,5=DataSection,6=RVAStaticsSection,7=EEDataSection,8=DelayLoadInfoTableEagerSection,9=DelayLoadInfoTableSection,10=EEReadonlyData,11=ReadonlyData,12=ClassSection,13=CrossDomainInfoSection,14=MethodDescSection,15=MethodDescWriteableSection,16=ExceptionSection,17=InstrumentSection,18=VirtualImportThunkSection,19=ExternalMethodThunkSection,20=HelperTableSection,21=MethodPrecodeWriteableSection,22=MethodPrecodeWriteSection,23=MethodPrecodeSection,24=Win32ResourcesSection,25=HeaderSection,26=MetadataSection,27=DelayLoadInfoSection,28=ImportTableSection,29=CodeSection,30=CodeHeaderSection,31=CodeManagerSection,32=UnwindDataSection,33=RuntimeFunctionSection,34=StubsSection,35=StubDispatchDataSection,36=ExternalMethodDataSection,37=DelayLoadInfoDelayListSection,38=ReadonlySharedSection,39=ReadonlySection,40=ILSection,41=GCInfoSection,42=ILMetadataSection,43=ResourcesSection,44=CompressedMapsSection,45=DebugSection,46=BaseRelocsSection
M GCHandleKindMap values 0=WeakShortMessage,1=WeakLongMessage,2=StrongMessage,3=PinnedMessage,4=VariableMessage,5=RefCountedMessage,6=DependentMessage,7=AsyncPinnedMessage,8=SizedRefMessage
M ModuleRangeIBCTypeMap flags 1=IBCUnprofiledSectionMessage,2=IBCProfiledSectionMessage
M ModuleRangeTypeMap flags 1=HotRangeMessage,2=WarmRangeMessage,4=ColdRangeMessage,8=HotColdRangeMessage
E 1 0 GCDecision GC/Decision 132 DoCompact:bool32
E 1 1 GCDecision GC/Decision 132 +ClrInstanceID:u16
E 2 0 GCSettings GC/Settings 14 SegmentSize:u64,LargeObjectSegmentSize:u64,ServerGC:bool32
E 2 1 GCSettings GC/Settings 14 +ClrInstanceID:u16
E 3 0 GCOptimized GC/Optimized 16 DesiredAllocation:u64,NewAllocation:u64,GenerationNumber:u32
E 3 1 GCOptimized GC/Optimized 16 +ClrInstanceID:u16
E 4 1 GCPerHeapHistory GC/PerHeapHistory 17 ClrInstanceID:u16
E 4 2 GCPerHeapHistory GC/PerHeapHistory 17 -
E 5 0 GCGlobalHeapHistory GC/GlobalHeapHistory 18 FinalYoungestDesired:u64,NumHeaps:i32,CondemnedGeneration:u32,Gen0ReductionCount:u32,Reason:u32,GlobalMechanisms:u32
E 5 1 GCGlobalHeapHistory GC/GlobalHeapHistory 18 +ClrInstanceID:u16
E 6 0 GCJoin GC/Join 20 Heap:u32,JoinTime:u32,JoinType:u32
E 6 1 GCJoin GC/Join 20 +ClrInstanceID:u16
E 7 0 PrvGCMarkStackRoots GC/MarkStackRoots 21 HeapNum:u32
E 7 1 PrvGCMarkStackRoots GC/MarkStackRoots 21 +ClrInstanceID:u16
E 8 0 PrvGCMarkFinalizeQueueRoots GC/MarkFinalizeQueueRoots 22 HeapNum:u32
E 8 1 PrvGCMarkFinalizeQueueRoots GC/MarkFinalizeQueueRoots 22 +ClrInstanceID:u16
E 9 0 PrvGCMarkHandles GC/MarkHandles 23 HeapNum:u32
E 9 1 PrvGCMarkHandles GC/MarkHandles 23 +ClrInstanceID:u16
E 10 0 PrvGCMarkCards GC/MarkCards 24 HeapNum:u32
E 10 1 PrvGCMarkCards GC/MarkCards 24 +ClrInstanceID:u16
E 11 0 BGCBegin GC/BGCStart 25 ClrInstanceID:u16
E 12 0 BGC1stNonConEnd GC/BGC1stNonConStop 26 ClrInstanceID:u16
E 13 0 BGC1stConEnd GC/BGC1stConStop 27 ClrInstanceID:u16
E 14 0 BGC2ndNonConBegin GC/BGC2ndNonConStart 28 ClrInstanceID:u16
E 15 0 BGC2ndNonConEnd GC/BGC2ndNonConStop 29 ClrInstanceID:u16
E 16 0 BGC2ndConBegin GC/BGC2ndConStart 30 ClrInstanceID:u16
E 17 0 BGC2ndConEnd GC/BGC2ndConStop 31 ClrInstanceID:u16
E 18 0 BGCPlanEnd GC/BGCPlanStop 32 ClrInstanceID:u16
E 19 0 BGCSweepEnd GC/BGCSweepStop 33 ClrInstanceID:u16
E 20 0 BGCDrainMark GC/BGCDrainMark 34 Objects:u64,ClrInstanceID:u16
E 21 0 BGCRevisit GC/BGCRevisit 35 Pages:u64,Objects:u64,IsLarge:u32,ClrInstanceID:u16
E 22 0 BGCOverflow GC/BGCOverflow 36 Min:u64,Max:u64,Objects:u64,IsLarge:u32,ClrInstanceID:u16
E 23 0 BGCAllocWaitBegin GC/BGCAllocWaitStart 37 Reason:u32,ClrInstanceID:u16
E 24 0 BGCAllocWaitEnd GC/BGCAllocWaitStop 38 Reason:u32,ClrInstanceID:u16
E 25 0 GCFullNotify GC/FullNotify 19 GenNumber:u32,IsAlloc:u32
E 25 1 GCFullNotify GC/FullNotify 19 +ClrInstanceID:u16
E 80 0 EEStartupStart EEStartup/Start 128 -
E 80 1 EEStartupStart EEStartup/Start 128 ClrInstanceID:u16
E 81 0 EEStartupEnd EEStartup/Stop 129 -
E 81 1 EEStartupEnd EEStartup/Stop 129 ClrInstanceID:u16
E 82 0 EEConfigSetup = 130 -
E 82 1 EEConfigSetup = 130 ClrInstanceID:u16
E 83 0 EEConfigSetupEnd EEConfigSetup/Stop 131 -
E 83 1 EEConfigSetupEnd EEConfigSetup/Stop 131 ClrInstanceID:u16
E 84 0 LdSysBases = 132 -
E 84 1 LdSysBases = 132 ClrInstanceID:u16
E 85 0 LdSysBasesEnd LdSysBases/Stop 133 -
E 85 1 LdSysBasesEnd LdSysBases/Stop 133 ClrInstanceID:u16
E 86 0 ExecExe = 134 -
E 86 1 ExecExe = 134 ClrInstanceID:u16
E 87 0 ExecExeEnd ExecExe/Stop 135 -
E 87 1 ExecExeEnd ExecExe/Stop 135 ClrInstanceID:u16
E 88 0 Main = 136 -
E 88 1 Main = 136 ClrInstanceID:u16
E 89 0 MainEnd Main/Stop 137 -
E 89 1 MainEnd Main/Stop 137 ClrInstanceID:u16
E 90 0 ApplyPolicyStart ApplyPolicy/Start 10 -
E 90 1 ApplyPolicyStart ApplyPolicy/Start 10 ClrInstanceID:u16
E 91 0 ApplyPolicyEnd ApplyPolicy/Stop 11 -
E 91 1 ApplyPolicyEnd ApplyPolicy/Stop 11 ClrInstanceID:u16
E 92 0 LdLibShFolder = 12 -
E 92 1 LdLibShFolder = 12 ClrInstanceID:u16
E 93 0 LdLibShFolderEnd LdLibShFolder/Stop 13 -
E 93 1 LdLibShFolderEnd LdLibShFolder/Stop 13 ClrInstanceID:u16
E 94 0 PrestubWorker = 14 -
E 94 1 PrestubWorker = 14 ClrInstanceID:u16
E 95 0 PrestubWorkerEnd PrestubWorker/Stop 15 -
E 95 1 PrestubWorkerEnd PrestubWorker/Stop 15 ClrInstanceID:u16
E 96 0 GetInstallationStart GetInstallation/Start 16 -
E 96 1 GetInstallationStart GetInstallation/Start 16 ClrInstanceID:u16
E 97 0 GetInstallationEnd GetInstallation/Stop 17 -
E 97 1 GetInstallationEnd GetInstallation/Stop 17 ClrInstanceID:u16
E 98 0 OpenHModule = 18 -
E 98 1 OpenHModule = 18 ClrInstanceID:u16
E 99 0 OpenHModuleEnd OpenHModule/Stop 19 -
E 99 1 OpenHModuleEnd OpenHModule/Stop 19 ClrInstanceID:u16
E 100 0 ExplicitBindStart ExplicitBind/Start 20 -
E 100 1 ExplicitBindStart ExplicitBind/Start 20 ClrInstanceID:u16
E 101 0 ExplicitBindEnd ExplicitBind/Stop 21 -
E 101 1 ExplicitBindEnd ExplicitBind/Stop 21 ClrInstanceID:u16
E 102 0 ParseXml = 22 -
E 102 1 ParseXml = 22 ClrInstanceID:u16
E 103 0 ParseXmlEnd ParseXml/Stop 23 -
E 103 1 ParseXmlEnd ParseXml/Stop 23 ClrInstanceID:u16
E 104 0 InitDefaultDomain = 24 -
E 104 1 InitDefaultDomain = 24 ClrInstanceID:u16
E 105 0 InitDefaultDomainEnd InitDefaultDomain/Stop 25 -
E 105 1 InitDefaultDomainEnd InitDefaultDomain/Stop 25 ClrInstanceID:u16
E 106 0 InitSecurity = 26 -
E 106 1 InitSecurity = 26 ClrInstanceID:u16
E 107 0 InitSecurityEnd InitSecurity/Stop 27 -
E 107 1 InitSecurityEnd InitSecurity/Stop 27 ClrInstanceID:u16
E 108 0 AllowBindingRedirs = 28 -
E 108 1 AllowBindingRedirs = 28 ClrInstanceID:u16
E 109 0 AllowBindingRedirsEnd AllowBindingRedirs/Stop 29 -
E 109 1 AllowBindingRedirsEnd AllowBindingRedirs/Stop 29 ClrInstanceID:u16
E 110 0 EEConfigSync = 30 -
E 110 1 EEConfigSync = 30 ClrInstanceID:u16
E 111 0 EEConfigSyncEnd EEConfigSync/Stop 31 -
E 111 1 EEConfigSyncEnd EEConfigSync/Stop 31 ClrInstanceID:u16
E 112 0 FusionBinding = 32 -
E 112 1 FusionBinding = 32 ClrInstanceID:u16
E 113 0 FusionBindingEnd FusionBinding/Stop 33 -
E 113 1 FusionBindingEnd FusionBinding/Stop 33 ClrInstanceID:u16
E 114 0 LoaderCatchCall = 34 -
E 114 1 LoaderCatchCall = 34 ClrInstanceID:u16
E 115 0 LoaderCatchCallEnd LoaderCatchCall/Stop 35 -
E 115 1 LoaderCatchCallEnd LoaderCatchCall/Stop 35 ClrInstanceID:u16
E 116 0 FusionInit = 36 -
E 116 1 FusionInit = 36 ClrInstanceID:u16
E 117 0 FusionInitEnd FusionInit/Stop 37 -
E 117 1 FusionInitEnd FusionInit/Stop 37 ClrInstanceID:u16
E 118 0 FusionAppCtx = 38 -
E 118 1 FusionAppCtx = 38 ClrInstanceID:u16
E 119 0 FusionAppCtxEnd FusionAppCtx/Stop 39 -
E 119 1 FusionAppCtxEnd FusionAppCtx/Stop 39 ClrInstanceID:u16
E 120 0 Fusion2EE = 40 -
E 120 1 Fusion2EE = 40 ClrInstanceID:u16
E 121 0 Fusion2EEEnd Fusion2EE/Stop 41 -
E 121 1 Fusion2EEEnd Fusion2EE/Stop 41 ClrInstanceID:u16
E 122 0 SecurityCatchCall = 42 -
E 122 1 SecurityCatchCall = 42 ClrInstanceID:u16
E 123 0 SecurityCatchCallEnd SecurityCatchCall/Stop 43 -
E 123 1 SecurityCatchCallEnd SecurityCatchCall/Stop 43 ClrInstanceID:u16
E 151 0 CLRStackWalkPrivate ClrStack/Walk 82 ClrInstanceID:u16,Reserved1:u8,Reserved2:u8,FrameCount:u32,Stack:ptr*2
E 158 0 ModuleRangeLoadPrivate ClrPerfTrack/ModuleRangeLoad 10 ClrInstanceID:u16,ModuleID:u64,RangeBegin:u32*1,RangeSize:u32*1,RangeType:u8@ModuleRangeTypeMap,IBCType:u8@ModuleRangeIBCTypeMap,SectionType:u16@ModuleRangeSectionTypeMap
E 159 0 BindingPolicyPhaseStart BindingPolicyPhase/Start 51 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 160 0 BindingPolicyPhaseEnd BindingPolicyPhase/Stop 52 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 161 0 BindingNgenPhaseStart BindingNgenPhase/Start 53 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 162 0 BindingNgenPhaseEnd BindingNgenPhase/Stop 54 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 163 0 BindingLookupAndProbingPhaseStart BindingLookupAndProbingPhase/Start 55 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 164 0 BindingLookupAndProbingPhaseEnd BindingLookupAndProbingPhase/Stop 56 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 165 0 LoaderPhaseStart LoaderPhase/Start 57 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 166 0 LoaderPhaseEnd LoaderPhase/Stop 58 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 167 0 BindingPhaseStart BindingPhase/Start 59 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 168 0 BindingPhaseEnd BindingPhase/Stop 60 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 169 0 BindingDownloadPhaseStart BindingDownloadPhase/Start 61 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 170 0 BindingDownloadPhaseEnd BindingDownloadPhase/Stop 62 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 171 0 LoaderAssemblyInitPhaseStart LoaderAssemblyInitPhase/Start 63 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 172 0 LoaderAssemblyInitPhaseEnd LoaderAssemblyInitPhase/Stop 64 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 173 0 LoaderMappingPhaseStart LoaderMappingPhase/Start 65 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 174 0 LoaderMappingPhaseEnd LoaderMappingPhase/Stop 66 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 175 0 LoaderDeliverEventsPhaseStart LoaderDeliverEventsPhase/Start 67 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 176 0 LoaderDeliverEventsPhaseEnd LoaderDeliverEventsPhase/Stop 68 AppDomainID:u32,LoadContextID:u32,FromLoaderCache:u32,DynamicLoad:u32,AssemblyCodebase:utf16z,AssemblyName:utf16z,ClrInstanceID:u16
E 177 0 EvidenceGenerated = 10 Type:u32,AppDomain:u32,ILImage:utf16z,ClrInstanceID:u16
E 178 0 ModuleTransparencyComputationStart ModuleTransparencyComputation/Start 83 Module:utf16z,AppDomainID:u32,ClrInstanceID:u16
E 179 0 ModuleTransparencyComputationEnd ModuleTransparencyComputation/Stop 84 Module:utf16z,AppDomainID:u32,IsAllCritical:bool32,IsAllTransparent:bool32,IsTreatAsSafe:bool32,IsOpportunisticallyCritical:bool32,SecurityRuleSet:u32,ClrInstanceID:u16
E 180 0 TypeTransparencyComputationStart TypeTransparencyComputation/Start 85 Type:utf16z,Module:utf16z,AppDomainID:u32,ClrInstanceID:u16
E 181 0 TypeTransparencyComputationEnd TypeTransparencyComputation/Stop 86 Type:utf16z,Module:utf16z,AppDomainID:u32,IsAllCritical:bool32,IsAllTransparent:bool32,IsCritical:bool32,IsTreatAsSafe:bool32,ClrInstanceID:u16
E 182 0 MethodTransparencyComputationStart MethodTransparencyComputation/Start 87 Method:utf16z,Module:utf16z,AppDomainID:u32,ClrInstanceID:u16
E 183 0 MethodTransparencyComputationEnd MethodTransparencyComputation/Stop 88 Method:utf16z,Module:utf16z,AppDomainID:u32,IsCritical:bool32,IsTreatAsSafe:bool32,ClrInstanceID:u16
E 184 0 FieldTransparencyComputationStart FieldTransparencyComputation/Start 89 Field:utf16z,Module:utf16z,AppDomainID:u32,ClrInstanceID:u16
E 185 0 FieldTransparencyComputationEnd FieldTransparencyComputation/Stop 90 Field:utf16z,Module:utf16z,AppDomainID:u32,IsCritical:bool32,IsTreatAsSafe:bool32,ClrInstanceID:u16
E 186 0 TokenTransparencyComputationStart TokenTransparencyComputation/Start 91 Token:u32,Module:utf16z,AppDomainID:u32,ClrInstanceID:u16
E 187 0 TokenTransparencyComputationEnd TokenTransparencyComputation/Stop 92 Token:u32,Module:utf16z,AppDomainID:u32,IsCritical:bool32,IsTreatAsSafe:bool32,ClrInstanceID:u16
E 188 0 NgenBindEvent = 69 ClrInstanceID:u16,BindingID:u64,ReasonCode:u32,AssemblyName:utf16z
E 191 0 FailFast = 52 FailFastUserMessage:utf16z,FailedEIP:ptr,OSExitCode:u32,ClrExitCode:u32,ClrInstanceID:u16
E 192 0 PrvFinalizeObject GC/FinalizeObject 39 TypeID:ptr,ObjectID:ptr,ClrInstanceID:u16,TypeName:utf16z
E 193 0 CCWRefCountChange GC/CCWRefCountChange 40 HandleID:ptr,ObjectID:ptr,COMInterfacePointer:ptr,NewRefCount:u32,AppDomainID:u64,ClassName:utf8z,NameSpace:utf8z,Operation:utf16z,ClrInstanceID:u16
E 194 0 PrvSetGCHandle GC/SetGCHandle 42 HandleID:ptr,ObjectID:ptr,Kind:u32@GCHandleKindMap,Generation:u32,AppDomainID:u64,ClrInstanceID:u16
E 195 0 PrvDestroyGCHandle GC/DestroyGCHandle 43 HandleID:ptr,ClrInstanceID:u16
E 196 0 FusionMessageEvent = 70 ClrInstanceID:u16,Prepend:bool32,Message:utf16z
E 197 0 FusionErrorCodeEvent = 71 ClrInstanceID:u16,Category:u32,ErrorCode:u32
E 199 0 PinPlugAtGCTime GC/PinPlugAtGCTime 44 PlugStart:ptr,PlugEnd:ptr,GapBeforeSize:ptr,ClrInstanceID:u16
E 201 0 MulticoreJit MulticoreJit/Common 10 ClrInstanceID:u16,String1:utf16z,String2:utf16z,Int1:i32,Int2:i32,Int3:i32
E 202 0 MulticoreJitMethodCodeReturned MulticoreJit/MethodCodeReturned 11 ClrInstanceID:u16,ModuleID:u64,MethodID:u64
E 310 0 AllocRequest LoaderHeap/AllocRequest 97 LoaderHeapPtr:ptr,MemoryAddress:ptr,RequestSize:u32,Unused1:u32,Unused2:u64,ClrInstanceID:u16
E 400 0 IInspectableRuntimeClassName = 11 TypeName:utf16z,ClrInstanceID:u16
E 401 0 WinRTUnbox = 12 TypeName:utf16z,SecondTypeName:utf16z,ClrInstanceID:u16
E 402 0 CreateRCW = 13 TypeName:utf16z,ClrInstanceID:u16
E 403 0 RCWVariance = 14 TypeName:utf16z,InterfaceTypeName:utf16z,VariantInterfaceTypeName:utf16z,ClrInstanceID:u16
E 404 0 RCWIEnumerableCasting = 15 TypeName:utf16z,SecondTypeName:utf16z,ClrInstanceID:u16
E 405 0 CreateCCW = 16 TypeName:utf16z,ClrInstanceID:u16
E 406 0 CCWVariance = 17 TypeName:utf16z,InterfaceTypeName:utf16z,VariantInterfaceTypeName:utf16z,ClrInstanceID:u16
E 407 0 ObjectVariantMarshallingToNative = 18 TypeName:utf16z,Int1:i32,ClrInstanceID:u16
E 408 0 GetTypeFromGUID = 19 TypeName:utf16z,SecondTypeName:utf16z,ClrInstanceID:u16
E 409 0 GetTypeFromProgID = 20 TypeName:utf16z,SecondTypeName:utf16z,ClrInstanceID:u16
E 410 0 ConvertToCallbackEtw = 21 TypeName:utf16z,SecondTypeName:utf16z,ClrInstanceID:u16
E 411 0 BeginCreateManagedReference = 22 ClrInstanceID:u16
E 412 0 EndCreateManagedReference = 23 ClrInstanceID:u16
E 413 0 ObjectVariantMarshallingToManaged = 24 TypeName:utf16z,Int1:i32,ClrInstanceID:u16
`;
