CREATE TABLE case_counter (
	prefix VARCHAR(24) NOT NULL, 
	last INTEGER NOT NULL, 
	CONSTRAINT pk_case_counter PRIMARY KEY (prefix)
);
INSERT INTO "case_counter" VALUES('99010020261124',10);
CREATE TABLE case_photo (
	id INTEGER NOT NULL, 
	case_seq INTEGER NOT NULL, 
	name VARCHAR(120) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	original VARCHAR(64) NOT NULL, 
	media_type VARCHAR(32) NOT NULL, 
	width INTEGER NOT NULL, 
	height INTEGER NOT NULL, 
	size INTEGER NOT NULL, 
	copy VARCHAR(64), 
	thumbnail VARCHAR(64), 
	state VARCHAR(12) NOT NULL, 
	flags TEXT NOT NULL, 
	uploaded_by INTEGER NOT NULL, 
	uploaded_at VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_case_photo PRIMARY KEY (id), 
	CONSTRAINT uq_case_photo_case_seq_name UNIQUE (case_seq, name), 
	CONSTRAINT fk_case_photo_case_seq_case_record FOREIGN KEY(case_seq) REFERENCES case_record (seq)
);
INSERT INTO "case_photo" VALUES(1,1,'a.jpg','report','c34f3bad78245de6bfe1d757220503a15000dfa22ac301fd636acb5605ee2fc3','image/jpeg',40,30,1425,NULL,NULL,'received','[]',11,'2026-11-24T01:00:02.000Z');
CREATE TABLE case_record (
	seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	id VARCHAR(36) NOT NULL, 
	number VARCHAR(32) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	version INTEGER NOT NULL, 
	source VARCHAR(16) NOT NULL, 
	reporter_id INTEGER NOT NULL, 
	reporter_name VARCHAR(100) NOT NULL, 
	class_domain VARCHAR(16) NOT NULL, 
	class_scheme VARCHAR(64) NOT NULL, 
	class_code VARCHAR(64) NOT NULL, 
	class_name VARCHAR(200) NOT NULL, 
	description TEXT NOT NULL, 
	lon FLOAT, 
	lat FLOAT, 
	accuracy_m FLOAT, 
	address VARCHAR(500) NOT NULL, 
	cell VARCHAR(20), 
	area VARCHAR(15) NOT NULL, 
	component VARCHAR(64), 
	device_time VARCHAR(32), 
	device_offset_s FLOAT, 
	reported_at VARCHAR(32) NOT NULL, 
	due_at VARCHAR(32), 
	closed_at VARCHAR(32), 
	state VARCHAR(24) NOT NULL, 
	verified BOOLEAN, 
	department VARCHAR(40), 
	suggested VARCHAR(40), 
	returned_by TEXT NOT NULL, 
	rework_count INTEGER NOT NULL, 
	steps INTEGER NOT NULL, 
	flags TEXT NOT NULL, 
	extra TEXT NOT NULL, 
	CONSTRAINT uq_case_record_id UNIQUE (id), 
	CONSTRAINT uq_case_record_number UNIQUE (number)
);
INSERT INTO "case_record" VALUES(1,'00000000-0000-0000-0000-000000000001','9901002026112400001','65e0257e71d16e7909d9f624b04a8b85fa59ee3cbc4e6facfa62ab4194a1f231',1,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:01.000Z',NULL,NULL,'reported',NULL,NULL,'drainage','[]',0,1,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(2,'00000000-0000-0000-0000-000000000002','9901002026112400002','5a0156124ea1fd0a208c849e43b32ee8e7289f73da1928391d693dd645e11d07',2,'hotline',13,'受理员乙','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:03.000Z',NULL,NULL,'verifying',NULL,NULL,'drainage','[]',0,2,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(3,'00000000-0000-0000-0000-000000000003','9901002026112400003','75052b8cc53dd7e2c3b694c011816bc69d99db6a3811debd89e382b0ac0d92e3',2,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:05.000Z',NULL,NULL,'to_file',NULL,NULL,'drainage','[]',0,2,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(4,'00000000-0000-0000-0000-000000000004','9901002026112400004','903bcee34f0890e2a08ce6bf71ead12aaff52827c093d89b3f20f646f1b9c92c',3,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:07.000Z',NULL,NULL,'to_dispatch',NULL,NULL,'drainage','[]',0,3,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(5,'00000000-0000-0000-0000-000000000005','9901002026112400005','fbfd04ef26da40aed89640de6dc37f8e349a5f1bd34509f3b029dc9fafa997bf',4,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:10.000Z',NULL,NULL,'to_dispose',NULL,'drainage','drainage','[]',0,4,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(6,'00000000-0000-0000-0000-000000000006','9901002026112400006','861aa31420a28c5f3ceedca472bf5bce9fc14e9134dc4fb88e43a2800666c3fa',5,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:14.000Z',NULL,NULL,'to_inspect',NULL,'drainage','drainage','[]',0,5,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(7,'00000000-0000-0000-0000-000000000007','9901002026112400007','483cc5541957ebcaffa078407db7a0b948d49ab37f7a92108bf2a7d150b7423c',6,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:19.000Z',NULL,NULL,'to_close',NULL,'drainage','drainage','[]',0,6,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(8,'00000000-0000-0000-0000-000000000008','9901002026112400008','50f7b897964df1cbaa303faecf142a7898f24ba6d91ca702e2dfe5733ed7b5f7',7,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:25.000Z',NULL,'2026-11-24T01:00:31.000Z','closed',NULL,'drainage','drainage','[]',0,7,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(9,'00000000-0000-0000-0000-000000000009','9901002026112400009','7d9a38754968f802eb02f02f6511d471279e22743750dc0b7ce3f76c3e877a0d',5,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:32.000Z',NULL,NULL,'to_dispatch',NULL,NULL,'drainage','["drainage"]',0,5,'[]','{"suggested_by":"class"}');
INSERT INTO "case_record" VALUES(10,'00000000-0000-0000-0000-00000000000a','9901002026112400010','01dbd8379d5adcc5b328696b4b98522becc5cad359ee09ed7db933cc80f2229a',2,'patrol',11,'监督员甲','component','GB/T 30428.2-2013','0102','污水井盖','井盖破损',117.2005,39.1005,8.0,'','990101001001001','990101001001',NULL,NULL,NULL,'2026-11-24T01:00:37.000Z',NULL,NULL,'not_accepted',NULL,NULL,'drainage','[]',0,2,'[]','{"suggested_by":"class"}');
CREATE TABLE case_step (
	case_seq INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	action VARCHAR(24) NOT NULL, 
	"before" VARCHAR(24), 
	"after" VARCHAR(24) NOT NULL, 
	actor_id INTEGER NOT NULL, 
	actor_name VARCHAR(100) NOT NULL, 
	role VARCHAR(24) NOT NULL, 
	at VARCHAR(32) NOT NULL, 
	note TEXT NOT NULL, 
	department VARCHAR(40), 
	CONSTRAINT pk_case_step PRIMARY KEY (case_seq, number), 
	CONSTRAINT fk_case_step_case_seq_case_record FOREIGN KEY(case_seq) REFERENCES case_record (seq)
);
INSERT INTO "case_step" VALUES(1,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:01.000Z','',NULL);
INSERT INTO "case_step" VALUES(2,1,'report',NULL,'reported',13,'受理员乙','acceptor','2026-11-24T01:00:03.000Z','',NULL);
INSERT INTO "case_step" VALUES(2,2,'ask_verify','reported','verifying',13,'受理员乙','acceptor','2026-11-24T01:00:04.000Z','',NULL);
INSERT INTO "case_step" VALUES(3,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:05.000Z','',NULL);
INSERT INTO "case_step" VALUES(3,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:06.000Z','',NULL);
INSERT INTO "case_step" VALUES(4,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:07.000Z','',NULL);
INSERT INTO "case_step" VALUES(4,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:08.000Z','',NULL);
INSERT INTO "case_step" VALUES(4,3,'file','to_file','to_dispatch',14,'值班长丁','shift_leader','2026-11-24T01:00:09.000Z','',NULL);
INSERT INTO "case_step" VALUES(5,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:10.000Z','',NULL);
INSERT INTO "case_step" VALUES(5,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:11.000Z','',NULL);
INSERT INTO "case_step" VALUES(5,3,'file','to_file','to_dispatch',14,'值班长丁','shift_leader','2026-11-24T01:00:12.000Z','',NULL);
INSERT INTO "case_step" VALUES(5,4,'dispatch','to_dispatch','to_dispose',15,'派遣员丙','dispatcher','2026-11-24T01:00:13.000Z','','drainage');
INSERT INTO "case_step" VALUES(6,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:14.000Z','',NULL);
INSERT INTO "case_step" VALUES(6,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:15.000Z','',NULL);
INSERT INTO "case_step" VALUES(6,3,'file','to_file','to_dispatch',14,'值班长丁','shift_leader','2026-11-24T01:00:16.000Z','',NULL);
INSERT INTO "case_step" VALUES(6,4,'dispatch','to_dispatch','to_dispose',15,'派遣员丙','dispatcher','2026-11-24T01:00:17.000Z','','drainage');
INSERT INTO "case_step" VALUES(6,5,'submit','to_dispose','to_inspect',16,'排水部门','department','2026-11-24T01:00:18.000Z','完工','drainage');
INSERT INTO "case_step" VALUES(7,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:19.000Z','',NULL);
INSERT INTO "case_step" VALUES(7,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:20.000Z','',NULL);
INSERT INTO "case_step" VALUES(7,3,'file','to_file','to_dispatch',14,'值班长丁','shift_leader','2026-11-24T01:00:21.000Z','',NULL);
INSERT INTO "case_step" VALUES(7,4,'dispatch','to_dispatch','to_dispose',15,'派遣员丙','dispatcher','2026-11-24T01:00:22.000Z','','drainage');
INSERT INTO "case_step" VALUES(7,5,'submit','to_dispose','to_inspect',16,'排水部门','department','2026-11-24T01:00:23.000Z','完工','drainage');
INSERT INTO "case_step" VALUES(7,6,'pass','to_inspect','to_close',11,'监督员甲','inspector','2026-11-24T01:00:24.000Z','','drainage');
INSERT INTO "case_step" VALUES(8,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:25.000Z','',NULL);
INSERT INTO "case_step" VALUES(8,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:26.000Z','',NULL);
INSERT INTO "case_step" VALUES(8,3,'file','to_file','to_dispatch',14,'值班长丁','shift_leader','2026-11-24T01:00:27.000Z','',NULL);
INSERT INTO "case_step" VALUES(8,4,'dispatch','to_dispatch','to_dispose',15,'派遣员丙','dispatcher','2026-11-24T01:00:28.000Z','','drainage');
INSERT INTO "case_step" VALUES(8,5,'submit','to_dispose','to_inspect',16,'排水部门','department','2026-11-24T01:00:29.000Z','完工','drainage');
INSERT INTO "case_step" VALUES(8,6,'pass','to_inspect','to_close',11,'监督员甲','inspector','2026-11-24T01:00:30.000Z','','drainage');
INSERT INTO "case_step" VALUES(8,7,'close','to_close','closed',14,'值班长丁','shift_leader','2026-11-24T01:00:31.000Z','','drainage');
INSERT INTO "case_step" VALUES(9,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:32.000Z','',NULL);
INSERT INTO "case_step" VALUES(9,2,'accept','reported','to_file',13,'受理员乙','acceptor','2026-11-24T01:00:33.000Z','',NULL);
INSERT INTO "case_step" VALUES(9,3,'file','to_file','to_dispatch',14,'值班长丁','shift_leader','2026-11-24T01:00:34.000Z','',NULL);
INSERT INTO "case_step" VALUES(9,4,'dispatch','to_dispatch','to_dispose',15,'派遣员丙','dispatcher','2026-11-24T01:00:35.000Z','','drainage');
INSERT INTO "case_step" VALUES(9,5,'return','to_dispose','to_dispatch',16,'排水部门','department','2026-11-24T01:00:36.000Z','不是我们的井','drainage');
INSERT INTO "case_step" VALUES(10,1,'report',NULL,'reported',11,'监督员甲','inspector','2026-11-24T01:00:37.000Z','',NULL);
INSERT INTO "case_step" VALUES(10,2,'refuse','reported','not_accepted',13,'受理员乙','acceptor','2026-11-24T01:00:38.000Z','重复',NULL);
CREATE INDEX ix_case_record_state_seq ON case_record (state, seq);
CREATE INDEX ix_case_record_area_seq ON case_record (area, seq);
CREATE INDEX ix_case_record_department_state ON case_record (department, state);
CREATE INDEX ix_case_record_reporter_id_seq ON case_record (reporter_id, seq);
CREATE INDEX ix_case_record_lon_lat ON case_record (lon, lat);
CREATE TRIGGER case_step_no_update BEFORE UPDATE ON case_step BEGIN SELECT RAISE(ABORT, 'history is never changed'); END;
CREATE TRIGGER case_step_no_delete BEFORE DELETE ON case_step BEGIN SELECT RAISE(ABORT, 'history is never deleted'); END;
CREATE INDEX ix_case_photo_case_seq ON case_photo (case_seq);
