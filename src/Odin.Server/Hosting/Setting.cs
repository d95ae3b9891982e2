namespace Odin.Server.Hosting;

/// <summary>
/// One setting of the server. Its key says all its names: <c>access.anonymous</c> is nested like that in
/// <c>odin.yml</c>, is <c>ODIN_ACCESS_ANONYMOUS</c> in the environment and <c>--access-anonymous</c> on the command line.
/// </summary>
/// <param name="Key">With dots between levels and underscores between words.</param>
/// <param name="Default">As documented; null when there is none.</param>
/// <param name="Description">One sentence, with units.</param>
internal sealed record Setting(string Key, string? Default, string Description)
{
    /// <summary>Names of the inherited system's variables; the first one that is set counts.</summary>
    public IReadOnlyList<string> Inherited { get; init; } = [];

    /// <summary>Must not be seen in a list of processes, so there is no flag for it.</summary>
    public bool IsSecret { get; init; }

    public string Variable => "ODIN_" + Key.Replace('.', '_').ToUpperInvariant();

    /// <summary>The flag, where it is not made from the key.</summary>
    public string? ShortFlag { get; init; }

    /// <summary>Null for a secret.</summary>
    public string? Flag => IsSecret ? null : ShortFlag ?? "--" + Key.Replace('.', '-').Replace('_', '-');

    /// <summary>The key in <see cref="IConfiguration"/>.</summary>
    public string Path => Key.Replace('.', ':');
}

/// <summary>Every setting of the server; the reference pages and <c>--help</c> are made from it.</summary>
internal static class Settings
{
    public static readonly Setting Role = new("role", "server", "What this process is: 'server', or 'agent', which describes its machine and GPUs to servers.");
    public static readonly Setting Data = new("data", "~/.local/share/odin", "The directory that holds everything the server keeps; one server at a time.");
    public static readonly Setting Urls = new("urls", "http://127.0.0.1:9003", "Addresses of the API, with ';' between them. Port 0: a free one.");
    public static readonly Setting WebSocketPort = new("websocket.port", "30000", "The port of the inherited WebSocket protocol, on the hosts of 'urls'. 0: a free one; 'off': none.");
    public static readonly Setting Pipelines = new("pipelines", "pipelines in the data directory", "The repository of the jobs: a directory or the URL of a remote.") { Inherited = ["ODIN_FS_ROOT"] };
    public static readonly Setting Branch = new("git.branch", "master", "The branch that holds the jobs.") { Inherited = ["ODIN_PIPELINES_MAIN"] };
    public static readonly Setting GitName = new("git.name", "odin", "The name under which commits are made.");
    public static readonly Setting GitEmail = new("git.email", "odin@localhost", "The address under which commits are made.");
    public static readonly Setting GitSshKey = new("git.ssh_key", null, "The file of the private key for a remote over SSH.");
    public static readonly Setting GitKnownHosts = new("git.known_hosts", null, "The file of the hosts that are trusted over SSH.");
    public static readonly Setting Database = new("database", "SQLite in the data directory", "The connection string of the database; SQLite or PostgreSQL.");
    public static readonly Setting Workspaces = new("workspaces", "workspaces in the data directory", "The directory of the runs' workspaces (DATA_PATH).");
    public static readonly Setting MaxParallel = new("max_parallel", "twice the processors, at least 4", "How many tasks run as processes at the same time.");
    public static readonly Setting Executor = new("executor", "process", "Where tasks run that name no executor: 'process' or 'kubernetes'.");
    public static readonly Setting Kubeconfig = new("kubernetes.kubeconfig", "KUBECONFIG, the pod's own account, or ~/.kube/config", "The file that says how to reach the cluster.");
    public static readonly Setting KubernetesContext = new("kubernetes.context", "the current one", "The context in that file.");
    public static readonly Setting KubernetesNamespace = new("kubernetes.namespace", "the context's, else default", "The namespace in which tasks run.");
    public static readonly Setting KubernetesServiceAccount = new("kubernetes.service_account", "the namespace's default", "The service account of tasks that name none.");
    public static readonly Setting KubernetesPullSecrets = new("kubernetes.pull_secrets", "registry", "Secrets with which images are pulled, with ';' between them.");
    public static readonly Setting KubernetesWorkspaceClaim = new("kubernetes.workspace_claim", null, "The claim of the volume that holds 'workspaces'; it is mounted into every task.");
    public static readonly Setting KubernetesElasticEtcd = new("kubernetes.elastic_etcd", "etcd-service in elastic-job", "The host of the etcd that the old ElasticJob needs.") { Inherited = ["PYTORCH_ELASTIC_ETCD_SVC"] };
    public static readonly Setting KubernetesMaxActive = new("kubernetes.max_active", "200", "How many tasks exist on the cluster at the same time; the others wait here.");
    public static readonly Setting KubernetesKeepEnded = new("kubernetes.keep_ended", "10m", "How long ended pods and jobs stay on the cluster to be looked at.");
    public static readonly Setting Retention = new("retention", "30d", "The age at which finished runs go, with their logs: 30d, 12h. 0: never.");
    public static readonly Setting LogBytes = new("logs.max_bytes", "67108864", "How many bytes are kept of one task's log; the middle of a longer one is dropped.");
    public static readonly Setting Anonymous = new("access.anonymous", "loopback", "Who may read without a token: 'loopback', 'always' or 'never'.");
    public static readonly Setting Hosts = new("access.hosts", null, "Host names, with ';' between them, under which a browser on this machine may read without a token.");
    public static readonly Setting Origins = new("access.origins", null, "Origins, with ';' between them, of other web pages that may use the API.");
    public static readonly Setting AdminRole = new("access.admin_role", "odahu_admin", "The role of users who may do everything, as those without roles may.");
    public static readonly Setting DataScientistRole = new("access.data_scientist_role", "odahu_data_scientist", "The role of users who may train, package, deploy and run batches.");
    public static readonly Setting ViewerRole = new("access.viewer_role", "odahu_viewer", "The role of users who may look at all of that.");
    public static readonly Setting Secret = new("secret", "a random key in the data directory", "The text of the key that tokens are signed with, of at least 32 bytes: openssl rand -hex 32.") { IsSecret = true };
    public static readonly Setting Issuer = new("auth.issuer", "com.interactions", "The issuer named in tokens, and demanded.");
    public static readonly Setting TokenDuration = new("token_duration", "43200", "How long a login is good for: seconds, or 12h, 7d.");
    public static readonly Setting AdminUser = new("admin.user", "admin", "The name of the user that is made at the first start.") { Inherited = ["ODIN_ROOT_USER"] };
    public static readonly Setting AdminPassword = new("admin.password", "generated", "The password of that user; set again at every start.") { Inherited = ["ODIN_ROOT_PASS"], IsSecret = true };
    public static readonly Setting TlsCertificate = new("tls.certificate", null, "The PEM file of the certificate for https addresses in 'urls'.");
    public static readonly Setting TlsKey = new("tls.key", null, "The PEM file of its private key, if it is another one.");
    public static readonly Setting MaxBody = new("max_body", "16777216", "The largest request body, in bytes.");
    public static readonly Setting Agents = new("agents", null, "Addresses of node agents, with ';' between them: http://HOST:29999, or dns+http://NAME:29999 for all addresses of a name.");
    public static readonly Setting AgentTimeout = new("agent.timeout", "3", "How long one agent may take to answer, in seconds.");
    public static readonly Setting AgentToken = new("agent.token", null, "What agents demand, and servers send, as a bearer token.") { IsSecret = true };
    public static readonly Setting AgentPort = new("agent.port", "29999", "The port of an agent, on all addresses, unless 'urls' says otherwise.") { ShortFlag = "--port" };
    public static readonly Setting AgentHost = new("agent.host", "the machine's name", "The name under which this machine is shown.");
    public static readonly Setting AgentDisks = new("agent.disks", "/", "Paths, with ';' between them, whose file systems an agent shows.");
    public static readonly Setting AgentNvml = new("agent.nvml", "libnvidia-ml.so.1", "The library that GPUs are read with: a name or a path.");
    public static readonly Setting AgentNvidiaSmi = new("agent.nvidia_smi", "nvidia-smi", "The program that GPUs are read with where the library cannot be loaded.");
    public static readonly Setting ConnectionsEnabled = new("connection.enabled", "true", "Whether connections may be changed: 'true' or 'false'.");
    public static readonly Setting ConnectionKey = new("connection.secret_key", "a random key in the data directory", "The key that secrets of connections are sealed with: 32 bytes in base64, as by openssl rand -base64 32. Older ones may follow, with ';' between them.") { IsSecret = true };
    public static readonly Setting VaultAddress = new("connection.vault_address", null, "A HashiCorp Vault that keeps the secrets of connections: https://HOST:8200. They are not sealed here then.") { Inherited = ["CONNECTION_VAULT_URL"] };
    public static readonly Setting VaultToken = new("connection.vault_token", null, "The token for it.") { IsSecret = true, Inherited = ["CONNECTION_VAULT_TOKEN"] };
    public static readonly Setting VaultMount = new("connection.vault_mount", "secret", "Where its secrets engine of the kind KV, version 2, is mounted.");
    public static readonly Setting VaultPath = new("connection.vault_path", "odin/connections", "The path in that engine; the id of the connection follows.");
    public static readonly Setting VaultNamespace = new("connection.vault_namespace", null, "The namespace, of Vault's Enterprise edition.");
    public static readonly Setting LocalDirectories = new("connection.local_directories", "all", "Directories of the server's machine, with ';' between them, that connections may lead to: local ones, and git repositories by path. 'all', or 'none'.");
    public static readonly Setting HostKeyScan = new("connection.host_key_scan", "try", "Whether the host of a git connection that comes without a publicKey is asked for it: 'try', 'require' or 'off'.");
    public static readonly Setting TrainingsEnabled = new("training.enabled", "true", "Whether trainings and toolchains may be changed: 'true' or 'false'.");
    public static readonly Setting TrainingOutput = new("training.output_connection", "models-output", "The connection that takes the artifacts of trainings that name none.") { Inherited = ["TRAINING_OUTPUTCONNECTIONID"] };
    public static readonly Setting TrainingTimeout = new("training.timeout", "4h", "How long a training may take, from its first step.") { Inherited = ["TRAINING_TIMEOUT"] };
    public static readonly Setting TrainingParallel = new("training.max_parallel", "4", "How many trainings a server works on at the same time.");
    public static readonly Setting TrainingArtifacts = new("training.artifact_format", "zip", "How artifacts are written: 'zip', or 'targzip' as packagers of the inherited system want them.");
    public static readonly Setting PackagingsEnabled = new("packaging.enabled", "true", "Whether packagings and their integrations may be changed: 'true' or 'false'.");
    public static readonly Setting PackagingOutput = new("packaging.output_connection", "models-output", "The connection that holds the artifacts of packagings that name none.") { Inherited = ["PACKAGING_OUTPUTCONNECTIONID"] };
    public static readonly Setting PackagingTimeout = new("packaging.timeout", "4h", "How long a packaging may take, from its first step.") { Inherited = ["PACKAGING_TIMEOUT"] };
    public static readonly Setting PackagingBase = new("packaging.base_image", "machine", "The base of images whose packaging names none: a reference, 'scratch', or 'machine': the Python of the server's machine with what the model needs.");
    public static readonly Setting PackagingBuilder = new("packaging.builder", "layers", "How images are made: 'layers', without any tool, or 'containerfile', which installs what the model needs in the base image with buildah, podman or docker.");
    public static readonly Setting PackagingProgram = new("packaging.program", "buildah, else podman, else docker", "The program of the builder 'containerfile': a name or a path.");
    public static readonly Setting PackagingArguments = new("packaging.arguments", null, "Further arguments of that program's build, with ';' between them: '--isolation=chroot;--network=host'.");
    public static readonly Setting RegistryEnabled = new("registry.enabled", "true", "Whether the server's own registry answers at /v2/: 'true' or 'false'.");
    public static readonly Setting RegistryName = new("registry.name", "the first address of the API", "The host, perhaps with a port, under which that registry is reached; names of images begin with it.");
    public static readonly Setting RegistryConnection = new("registry.connection", "a directory in the data directory", "The connection whose storage holds the images of that registry.");
    public static readonly Setting PackagingParallel = new("packaging.max_parallel", "4", "How many packagings a server works on at the same time.");
    public static readonly Setting BatchEnabled = new("batch.enabled", "true", "Whether batch services and jobs may be changed: 'true' or 'false'.");
    public static readonly Setting BatchTimeout = new("batch.timeout", "4h", "How long a batch job may take, from its first step.") { Inherited = ["BATCH_TIMEOUT"] };
    public static readonly Setting BatchParallel = new("batch.max_parallel", "4", "How many batch jobs a server works on at the same time.");
    public static readonly Setting DeploymentsEnabled = new("deployment.enabled", "true", "Whether deployments and routes may be changed: 'true' or 'false'.");
    public static readonly Setting DeploymentPull = new("deployment.default_pull_connection", null, "The connection that pulls the images of deployments that name none.") { Inherited = ["DEPLOYMENT_DEFAULTDOCKERPULLCONNNAME"] };
    public static readonly Setting DeploymentPredictor = new("deployment.default_predictor", null, "The predictor of deployments that name none, as files of the inherited system's first versions do: 'odahu-ml-server' or 'triton'. Without it each has to name one.");
    public static readonly Setting DeploymentPrefix = new("deployment.custom_route_prefix", "/custom", "What the prefixes of routes begin with that users make; '/': whatever is free.") { Inherited = ["DEPLOYMENT_CUSTOMROUTEPREFIX"] };
    public static readonly Setting DeploymentEdge = new("deployment.edge_url", "that by which the API is reached", "The address under which clients reach models: https://models.example.org.") { Inherited = ["DEPLOYMENT_EDGE_HOST"] };
    public static readonly Setting DeploymentIsolation = new("deployment.isolation", "auto", "How replicas are kept apart from the machine: 'namespaces' (they see the files of their image alone), 'none', or 'auto': namespaces where the machine allows them.");
    public static readonly Setting DeploymentIdle = new("deployment.idle_after", "60", "How long nobody must have asked before a deployment with minReplicas 0 goes to sleep: seconds, or 5m.");
    public static readonly Setting DeploymentReady = new("deployment.ready_timeout", "10m", "How long a replica may take to become ready.");
    public static readonly Setting GatewayMaxBody = new("gateway.max_body", "67108864", "The largest body of a request to a model, in bytes.");
    public static readonly Setting GatewayTimeout = new("gateway.timeout", "10m", "How long a model may take to answer.");
    public static readonly Setting GatewayWake = new("gateway.wake_timeout", "60", "How long a request waits for a model that sleeps or is being started.");
    public static readonly Setting GatewayWaiting = new("gateway.max_waiting", "1000", "How many requests may wait for replicas of one deployment; more are answered 503.");
    public static readonly Setting FeedbackCapture = new("feedback.capture", "true", "Whether what models are asked and answer is recorded: 'true' or 'false'. Feedback is taken in either way.");
    public static readonly Setting FeedbackConnection = new("feedback.connection", "a directory in the data directory", "The connection whose storage takes recorded predictions and feedback.");
    public static readonly Setting FeedbackPrefix = new("feedback.prefix", "model_log", "What the keys of records begin with, below the path of the connection.");
    public static readonly Setting FeedbackRecords = new("feedback.max_records", "10000", "How many records come into one object.");
    public static readonly Setting FeedbackBytes = new("feedback.max_bytes", "8388608", "The bytes at which an object of records is closed.");
    public static readonly Setting FeedbackAge = new("feedback.max_age", "10s", "How long a record waits for others of the same object: so much of recorded predictions a crash may lose.");
    public static readonly Setting FeedbackMemory = new("feedback.memory", "67108864", "Bytes of recorded predictions in memory, above all while the storage cannot be reached; what comes then is dropped and counted.");
    public static readonly Setting FeedbackJournal = new("feedback.journal", "1073741824", "Bytes of feedback in the data directory that the storage has not taken; what comes then is refused.");
    public static readonly Setting FeedbackBodyLimit = new("feedback.body_limit", "1048576", "Bytes recorded of a body, 1048576 at most; the rest is cut off, and marked so.");
    public static readonly Setting FeedbackProhibited = new("feedback.prohibited_headers", "authorization;x-jwt;x-user;x-email;cookie;set-cookie", "Headers, with ';' between them, that are not recorded.");
    public static readonly Setting LogLevel = new("log.level", "Information", "Trace, Debug, Information, Warning, Error or Critical; the inherited INFO and WARN too.");

    public static IReadOnlyList<Setting> All { get; } =
    [
        Role, Data, Urls, WebSocketPort, Pipelines, Branch, GitName, GitEmail, GitSshKey, GitKnownHosts, Database, Workspaces,
        MaxParallel, Executor, Kubeconfig, KubernetesContext, KubernetesNamespace, KubernetesServiceAccount, KubernetesPullSecrets, KubernetesWorkspaceClaim,
        KubernetesElasticEtcd, KubernetesMaxActive, KubernetesKeepEnded, Retention, LogBytes, Anonymous, Hosts, Origins, AdminRole, DataScientistRole, ViewerRole, Secret, Issuer, TokenDuration, AdminUser, AdminPassword,
        TlsCertificate, TlsKey, MaxBody,
        Agents, AgentTimeout, AgentToken, AgentPort, AgentHost, AgentDisks, AgentNvml, AgentNvidiaSmi,
        ConnectionsEnabled, ConnectionKey, VaultAddress, VaultToken, VaultMount, VaultPath, VaultNamespace, LocalDirectories, HostKeyScan,
        TrainingsEnabled, TrainingOutput, TrainingTimeout, TrainingParallel, TrainingArtifacts,
        PackagingsEnabled, PackagingOutput, PackagingTimeout, PackagingParallel, PackagingBase, PackagingBuilder, PackagingProgram, PackagingArguments,
        RegistryEnabled, RegistryName, RegistryConnection,
        DeploymentsEnabled, DeploymentPull, DeploymentPredictor, DeploymentPrefix, DeploymentEdge,
        DeploymentIsolation, DeploymentIdle, DeploymentReady, GatewayMaxBody, GatewayTimeout, GatewayWake, GatewayWaiting,
        BatchEnabled, BatchTimeout, BatchParallel,
        FeedbackCapture, FeedbackConnection, FeedbackPrefix, FeedbackRecords, FeedbackBytes,
        FeedbackAge, FeedbackMemory, FeedbackJournal, FeedbackBodyLimit, FeedbackProhibited, LogLevel,
    ];

    /// <summary>Those of the cluster: one that is set says that there is a cluster.</summary>
    public static IReadOnlyList<Setting> Kubernetes { get; } =
    [
        Kubeconfig, KubernetesContext, KubernetesNamespace, KubernetesServiceAccount, KubernetesPullSecrets, KubernetesWorkspaceClaim, KubernetesMaxActive,
        KubernetesKeepEnded,
    ];
}
